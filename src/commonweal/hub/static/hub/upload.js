// The page that sends a submission: choose files, follow each, pause, go on, hand in.
// What has arrived is known to the server alone; the rows of the table carry it, so that a
// browser that was closed, or another one, goes on when the same files are chosen again.
"use strict";

(() => {
  const page = document.getElementById("upload");
  if (!page) return;
  const words = page.dataset;
  const names = new Set(words.names.split(" "));
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const table = document.getElementById("files");
  const pattern = document.getElementById("file-row");
  const news = document.getElementById("news");
  const left = document.getElementById("left-out");
  const twice = document.getElementById("twice");
  const form = document.getElementById("finish");
  const pauseAll = document.getElementById("pause-all");
  const AT_ONCE = 2;
  const CHUNK = 32 * 1024 * 1024;
  const AGAIN = 5000;
  const MOST_NAMED = 20;
  const items = new Map();
  const checking = new Map();
  const hasher = new Worker(words.worker);
  let asked = 0;

  // Rows ---------------------------------------------------------------------------------

  const parts = (row) => ({
    state: row.querySelector("[data-part=state]"),
    size: row.querySelector("[data-part=size]"),
    bar: row.querySelector("progress"),
    toggle: row.querySelector("[data-part=toggle]"),
    remove: row.querySelector("[data-part=remove]"),
  });

  function inWords(size) {
    const units = ["bytes", "kB", "MB", "GB", "TB"];
    let power = 0;
    let amount = size;
    while (amount >= 1000 && power < units.length - 1) { amount /= 1000; power += 1; }
    const digits = power ? 1 : 0;
    const shown = amount.toLocaleString(document.documentElement.lang, {
      minimumFractionDigits: digits, maximumFractionDigits: digits,
    });
    return `${shown} ${units[power]}`;
  }

  function adopt(row) {
    const item = {
      name: row.dataset.name,
      length: Number(row.dataset.length),
      sent: Number(row.dataset.offset),
      modified: row.dataset.modified,
      address: row.dataset.address || null,
      state: row.dataset.whole === "yes" ? "whole" : "choose",
      file: null,
      upload: null,
      row,
    };
    const { toggle, remove } = parts(row);
    toggle.addEventListener("click", () => (isGoing(item) ? pause(item) : goOn(item)));
    remove.addEventListener("click", () => takeOut(item));
    toggle.setAttribute("aria-label", item.name);
    items.set(item.name.toLowerCase(), item);
    show(item);
    return item;
  }

  function addRow(file) {
    const row = pattern.content.firstElementChild.cloneNode(true);
    Object.assign(row.dataset, {
      name: file.name, length: file.size, offset: 0, modified: file.lastModified, whole: "no",
    });
    row.querySelector("th").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", file.name);
    table.tBodies[0].append(row);
    table.hidden = false;
    return adopt(row);
  }

  const isGoing = (item) => ["waiting", "sending", "cut"].includes(item.state);

  function show(item, said) {
    const { state, size, bar, toggle, remove } = parts(item.row);
    bar.max = Math.max(item.length, 1);
    bar.value = item.length ? item.sent : 1;
    const percent = item.length ? Math.floor((100 * item.sent) / item.length) : 100;
    size.textContent = `${percent} % ${words.of} ${inWords(item.length)}`;
    state.textContent = said || words[item.state];
    item.row.dataset.state = item.state;
    toggle.hidden = !item.file || ["whole", "failed"].includes(item.state);
    toggle.textContent = isGoing(item) ? words.pause : words.goOn;
    toggle.setAttribute("aria-label", `${toggle.textContent} ${item.name}`);
    remove.hidden = false;
    remove.setAttribute("aria-label", `${words.remove} ${item.name}`);
  }

  function change(item, state, said) {
    const isNews = item.state !== state && ["whole", "cut", "failed"].includes(state);
    item.state = state;
    show(item, said);
    if (isNews) news.textContent = `${item.name}: ${said || words[state]}`;
    const all = [...items.values()];
    const isResting = !all.some(isGoing) && all.some((one) => one.state === "paused");
    pauseAll.textContent = isResting ? words.goOnAll : words.pauseAll;
    fillLines();
  }

  // Sending ------------------------------------------------------------------------------

  function fillLines() {
    const all = [...items.values()];
    let free = AT_ONCE - all.filter((item) => item.state === "sending").length;
    for (const item of all) {
      if (free > 0 && item.state === "waiting") { free -= 1; send(item); }
    }
  }

  function send(item) {
    item.state = "sending";
    // What an upload says after another file has taken its place is of no interest.
    const still = (act) => (...told) => { if (item.upload === upload) act(...told); };
    const upload = new tus.Upload(item.file, {
      endpoint: words.endpoint,
      uploadUrl: item.address,
      chunkSize: CHUNK,
      metadata: { filename: item.file.name, modified: String(item.file.lastModified) },
      headers: { "X-CSRFToken": token },
      storeFingerprintForResuming: false,
      retryDelays: [0, 1000, 3000],
      onShouldRetry: (error) => navigator.onLine && !isFinal(error),
      onUploadUrlAvailable: still(() => { item.address = upload.url; }),
      onProgress: still((sent) => { item.sent = sent; show(item); }),
      onSuccess: still(() => { item.sent = item.length; change(item, "whole"); }),
      onError: still((error) => stumble(item, error)),
    });
    item.upload = upload;
    show(item);
    upload.start();
  }

  const statusOf = (error) => (error.originalResponse ? error.originalResponse.getStatus() : 0);
  const PASSING = new Set([0, 408, 409, 423, 429, 500, 502, 503, 504]);
  const isFinal = (error) => !PASSING.has(statusOf(error));

  function stumble(item, error) {
    const status = statusOf(error);
    if ([404, 410].includes(status) && item.address) {
      // It expired, or was replaced from elsewhere: begin anew.
      item.address = null;
      item.sent = 0;
      change(item, "waiting");
    } else if (isFinal(error)) {
      const body = error.originalResponse.getBody() || "";
      change(item, "failed", status === 401 ? words.signedOut : body.trim() || words.failed);
    } else {
      change(item, "cut");
      window.setTimeout(() => { if (item.state === "cut") goOn(item); }, AGAIN);
    }
  }

  function goOn(item) {
    if (navigator.onLine) change(item, "waiting");
    else change(item, "cut");
  }

  async function pause(item) {
    const { upload } = item;
    change(item, "paused");
    if (upload) await upload.abort();
  }

  async function takeOut(item) {
    if (item.upload) await item.upload.abort();
    if (item.address) {
      const headers = { "X-CSRFToken": token, "Tus-Resumable": "1.0.0" };
      const answer = await fetch(item.address, { method: "DELETE", headers }).catch(() => null);
      if (!answer || !(answer.ok || answer.status === 404)) {
        change(item, "failed", answer ? (await answer.text()).trim() : words.cut);
        return;
      }
    }
    items.delete(item.name.toLowerCase());
    checking.delete(item.name);
    item.row.remove();
    news.textContent = `${item.name}: ${words.removed}`;
    table.hidden = !items.size;
    document.getElementById("choose-files").focus();
    fillLines();
  }

  window.addEventListener("online", () => {
    for (const item of items.values()) if (item.state === "cut") goOn(item);
  });
  window.addEventListener("offline", () => {
    for (const item of items.values()) {
      if (item.state === "sending") { item.upload.abort(); change(item, "cut"); }
    }
  });

  // Choosing -----------------------------------------------------------------------------

  // Chosen is a list of files, each with its path, which tells two of one name apart.
  function take(chosen) {
    const odd = [];
    const byName = new Map();
    for (const one of chosen) {
      const key = one.file.name.toLowerCase();
      if (names.has(key)) byName.set(key, [...(byName.get(key) || []), one]);
      else if (!key.startsWith(".")) odd.push(one.file.name);
    }
    const groups = [...byName.values()];
    const single = groups.filter((group) => group.length === 1).flat();
    const clashing = groups.filter((group) => group.length > 1).flat();
    single.forEach((one) => takeOne(one.file));
    tell(left, odd);
    tell(twice, clashing.map((one) => one.path));
    news.textContent = `${words.taken} ${single.length}`;
    fillLines();
  }

  function tell(place, list) {
    const more = list.length - MOST_NAMED;
    place.hidden = !list.length;
    place.querySelector("span").textContent = list.slice(0, MOST_NAMED).join(", ")
      + (more > 0 ? `, … (+${more})` : "");
  }

  function takeOne(file) {
    const known = items.get(file.name.toLowerCase());
    const item = known || addRow(file);
    const isSame = file.name === item.name && file.size === item.length
      && String(file.lastModified) === item.modified;
    // By all that can be seen it is the same file; its checksum is compared at the end.
    compute(file);
    if (known && isGoing(item) && isSame) return;
    if (item.upload) item.upload.abort();
    item.upload = null;
    item.file = file;
    if (isSame && item.state === "whole") return;
    if (!isSame) {
      // Another file of this name: the server lets the old one go when the new one begins.
      if (file.name !== item.name) checking.delete(item.name);
      Object.assign(item, { name: file.name, length: file.size, sent: 0, address: null });
      item.modified = String(file.lastModified);
      item.row.querySelector("th").textContent = file.name;
    }
    item.state = "waiting";
    show(item);
  }

  async function walk(entry) {
    if (entry.isFile) {
      const file = await new Promise((done, fail) => entry.file(done, fail));
      return [{ file, path: entry.fullPath.replace(/^\//, "") }];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return found;
      for (const inner of some) found.push(...await walk(inner));
    }
  }

  const zone = document.getElementById("drop-zone");
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("cw-drop--over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("cw-drop--over"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("cw-drop--over");
    const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry());
    const found = await Promise.all(entries.filter(Boolean).map(walk));
    take(found.flat());
  });
  for (const id of ["choose-files", "choose-folder"]) {
    document.getElementById(id).addEventListener("change", (event) => {
      take([...event.target.files].map(
        (file) => ({ file, path: file.webkitRelativePath || file.name }),
      ));
      event.target.value = "";
    });
  }

  pauseAll.addEventListener("click", () => {
    const going = [...items.values()].filter(isGoing);
    if (going.length) going.forEach(pause);
    else for (const item of items.values()) if (item.state === "paused") change(item, "waiting");
  });

  // Checksums and handing in -------------------------------------------------------------

  // Every question has a number, as a file may be chosen anew before the answer for another
  // one of the same name is there.
  function compute(file) {
    asked += 1;
    const number = asked;
    checking.set(file.name, new Promise((done) => {
      const listen = ({ data }) => {
        if (data.number !== number) return;
        hasher.removeEventListener("message", listen);
        done(data.sha256);
      };
      hasher.addEventListener("message", listen);
    }));
    hasher.postMessage({ number, file });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const missing = [...items.values()].filter((item) => item.state !== "whole");
    if (missing.length || !items.size) {
      news.textContent = missing.length
        ? `${words.notYet} ${missing.map((item) => item.name).join(", ")}`
        : words.nothing;
      return;
    }
    news.textContent = words.comparing;
    const computed = {};
    for (const [name, promise] of checking) computed[name] = await promise;
    form.elements.checksums.value = JSON.stringify(computed);
    isLeaving = true;
    form.submit();
  });

  let isLeaving = false;
  window.addEventListener("beforeunload", (event) => {
    const isBusy = [...items.values()].some((item) => isGoing(item));
    if (isBusy && !isLeaving) event.preventDefault();
  });

  for (const row of table.tBodies[0].rows) adopt(row);
  table.hidden = !items.size;
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
  for (const element of document.querySelectorAll("[data-without-script]")) element.remove();
})();

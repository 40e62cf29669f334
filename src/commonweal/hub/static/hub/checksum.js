// A worker that computes the SHA-256 of files piece by piece (FIPS 180-4).
// Browsers' own digest takes a file whole into memory, which many gigabytes do not fit.
"use strict";

const PIECE = 4 * 1024 * 1024;

const K = new Int32Array(64);
const START = new Int32Array(8);

// The constants are the fractional parts of roots of the first primes, in integers throughout:
// a float has too few digits for the cube roots.
(function findConstants() {
  const primes = [];
  for (let n = 2; primes.length < 64; n += 1) {
    if (primes.every((p) => n % p)) primes.push(n);
  }
  const fraction = (prime, power) => {
    let low = 0n;
    let high = BigInt(prime) << 32n;
    const wanted = BigInt(prime) << (32n * power);
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** power <= wanted) low = middle;
      else high = middle;
    }
    return Number(low & 0xffffffffn);
  };
  primes.forEach((prime, i) => { K[i] = fraction(prime, 3n); });
  primes.slice(0, 8).forEach((prime, i) => { START[i] = fraction(prime, 2n); });
})();

class Sha256 {
  constructor() {
    this.state = START.slice();
    this.words = new Int32Array(64);
    this.rest = new Uint8Array(64);
    this.held = 0;
    this.length = 0;
  }

  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    if (this.held) {
      at = Math.min(64 - this.held, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.held);
      this.held += at;
      if (this.held < 64) return;
      this.compress(this.rest, 0, 64);
      this.held = 0;
    }
    const whole = at + ((bytes.length - at) & ~63);
    this.compress(bytes, at, whole);
    this.rest.set(bytes.subarray(whole));
    this.held = bytes.length - whole;
  }

  hex() {
    const bits = BigInt(this.length) * 8n;
    const tail = new Uint8Array(this.held < 56 ? 64 : 128);
    tail.set(this.rest.subarray(0, this.held));
    tail[this.held] = 0x80;
    new DataView(tail.buffer).setBigUint64(tail.length - 8, bits);
    this.compress(tail, 0, tail.length);
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  compress(bytes, from, to) {
    const w = this.words;
    const s = this.state;
    for (let at = from; at < to; at += 64) {
      for (let i = 0, b = at; i < 16; i += 1, b += 4) {
        w[i] = (bytes[b] << 24) | (bytes[b + 1] << 16) | (bytes[b + 2] << 8) | bytes[b + 3];
      }
      for (let i = 16; i < 64; i += 1) {
        const x = w[i - 15];
        const y = w[i - 2];
        const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (w[i - 16] + small0 + w[i - 7] + small1) | 0;
      }
      let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
      for (let i = 0; i < 64; i += 1) {
        const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const first = (h + big1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + first) | 0;
        d = c; c = b; b = a; a = (first + second) | 0;
      }
      s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;
    }
  }
}

self.onmessage = async ({ data: { number, file } }) => {
  try {
    const hash = new Sha256();
    for (let at = 0; at < file.size; at += PIECE) {
      hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    }
    self.postMessage({ number, sha256: hash.hex() });
  } catch (error) {
    // The file has changed or gone since it was chosen.
    self.postMessage({ number, sha256: null });
  }
};

"""What ``derive_surveys.py`` has to be told: scales, bounds, and where public files differ."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

SKIP = 903096
AWARE = "FamilyHistory_FamilyMedicalHistoryAware"
COMBINED_MODULE = "43529712"
"""The metadata list the combined history under the concept of the older module."""
COMBINED_FORM, OLDER_FORM = "Personal and Family Health History", "Family Health History"
LIKE_ENOUGH = 0.6
SAME_ENOUGH = 0.7
"""From how much likeness on two names are taken for one."""

INSTRUMENTS = (
    "basics",
    "overall_health",
    "lifestyle",
    "medical_history",
    "family_history",
    "healthcare_access",
    "combined_history",
    "social_factors",
    "emotional_health",
    "behavioral_health",
    "cope",
    "minute",
)
FORMS: Mapping[str, Sequence[str]] = {
    "basics": ("The Basics",),
    "overall_health": ("Overall Health",),
    "lifestyle": ("Lifestyle",),
    "healthcare_access": ("Healthcare Access and Utilization",),
    "social_factors": ("Social Determinants of Health",),
    "cope": ("COPE", "COPE (June)", "COPE (July)", "COPE (Nov)", ""),
    "minute": (
        "Summer Minute Survey on COVID-19 Vaccines",
        "Winter Minute Survey on COVID-19 Vaccines",
    ),
}
LISTED = {"emotional_health": "1703970", "behavioral_health": "1703870"}
WAVES = {
    "COPE": "123",
    "COPE (June)": "23",
    "COPE (July)": "3",
    "COPE (Nov)": "456",
    "": "6",
    "Summer Minute Survey on COVID-19 Vaccines": "12",
    "Winter Minute Survey on COVID-19 Vaccines": "34",
}
ADDED: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "The Basics": (
        {
            "concept": 1585852,
            "concept_code": "ActiveDuty_AvtiveDutyServeStatus",
            "field_type": "radio",
        },
        {"concept": 1585249, "concept_code": "StreetAddress_PIIState", "field_type": "dropdown"},
    ),
    "Lifestyle": (
        {
            "concept": 903058,
            "concept_code": "Past3MonthUseFrequency_PrescriptionStimulant3Month",
            "field_type": "radio",
        },
    ),
    "Overall Health": (
        {
            "concept": 903065,
            "concept_code": "OutsideTravel6Month_OutsideTravel6MonthWhere",
            "field_type": "text",
        },
    ),
}
IDENTIFYING = r"(?i)SocialSecurity|SecondaryContact|PersonOne|SecondContact|EmploymentWorkAddress"
"""Questions whose answers name somebody; they are not made up."""

CODES = {
    903573: "Disability_Deaf",
    903574: "Disability_Blind",
    903575: "Disability_DifficultyConcentrating",
    903576: "Disability_WalkingClimbing",
    903577: "Disability_DressingBathing",
    903578: "Disability_ErrandsAlone",
    43530288: "Cancer_ColonRectalCancerCurrently",
}
SPELLINGS = (
    *CODES.values(),
    "LivingSituation_HowManyPeople",
    "LivingSituation_PeopleUnder18",
    "AttemptQuitSmoking_CompletelyQuitAge",
)
"""Codes that the files give under another name, or without one."""

SPECIAL_CODES = {
    903096: "PMI_Skip",
    903079: "PMI_PreferNotToAnswer",
    903087: "PMI_DontKnow",
    903070: "PMI_Other",
    903092: "PMI_NotSure",
    903095: "PMI_None",
    1704072: "ehhwb_6",
    1704093: "ehhwb_7",
    1585853: "AvtiveDutyServeStatus_Yes",
    1585854: "AvtiveDutyServeStatus_No",
}
"""Codes of answers that are shared by many questions."""

CONCEPTS = {
    "COPE_A_14": 1332825,
    "COPE_A_236": 1333170,
    "cope_a_334": 596883,
    "CancerCondition_HeadNeckCancer": 43528887,
    "NervousCondition_AmyotrophicLateralSclerosis": 43528397,
}
SHARED = r"(?i)^(COPE_A|SDOH)_"
"""Codes of answers that many questions share, always with the same concept."""
"""Concepts of answers whose label differs between the files."""
DOUBLES = {1384848}
"""Answers that the key has twice, under another code."""
LONG = 12
"""Letters of a label from which on its beginning tells it from others."""

STATE = "StreetAddress_PIIState"
STATES = [
    "AL",
    "AK",
    "AS",
    "AZ",
    "AR",
    "CA",
    "CO",
    "CT",
    "DE",
    "DC",
    "FM",
    "FL",
    "GA",
    "GU",
    "HI",
    "ID",
    "IL",
    "IN",
    "IA",
    "KS",
    "KY",
    "LA",
    "ME",
    "MH",
    "MD",
    "MA",
    "MI",
    "MN",
    "MS",
    "MO",
    "MT",
    "NE",
    "NV",
    "NH",
    "NJ",
    "NM",
    "NY",
    "NC",
    "ND",
    "MP",
    "OH",
    "OK",
    "OR",
    "PW",
    "PA",
    "PR",
    "RI",
    "SC",
    "SD",
    "TN",
    "TX",
    "UT",
    "VT",
    "VI",
    "VA",
]
FIRST_STATE, FIRST_LATE_STATE = 1585261, 1585408
LATE_STATES = ("WA", "WV", "WI", "WY")
STATE_CONCEPTS = {
    f"PIIState_{state}": FIRST_STATE + place for place, state in enumerate(STATES)
} | {f"PIIState_{state}": FIRST_LATE_STATE + place for place, state in enumerate(LATE_STATES)}
"""Concepts of the states are numbered in the order of their full names."""

ROLES: Sequence[tuple[str, str, int | None]] = (
    (r"(?i)PreferNot|prefer not to answer", "no refusal", -996),
    (r"(?i)^PMI_DontKnow|(?<!first )don.?t know( my blood.*)?$|_DontKnow,", "no knowledge", -999),
    (r"(?i)^PMI_NotSure|not sure", "no knowledge", -994),
    (
        r"(?i)does not apply|PMI_DoesNotApply|not religious|not believe in God|, Unknown",
        "no knowledge",
        -990,
    ),
    (
        (
            r"(?i)PMI_None|None of th|NoneOfThese|_None\b|, None\b|, I have/have had no"
            r"|, I do not have/|_No(Cancer|Heart|Lung|Digestive|Hormone|Kidney|Bone|Hearing)"
            r"|_No(Infectious|Brain|Mental)|did not have any diff|don.?t have health ins"
            r"|wasn.?t sick|Not that I know|NoCoverage|did not receive breathing"
            r"|NoBloodRelated|No(Sons|Daughters)Related"
        ),
        "only one",
        None,
    ),
)
"""Pattern of code and label, the role of such an answer, and its number."""

SCALES = (
    ("Not at all", "Several days", "More than half the days", "Nearly every day"),
    ("Not at all", "A little bit", "Moderately", "Quite a bit", "Extremely"),
    (
        "None of the time",
        "A little of the time",
        "Some of the time",
        "Most of the time",
        "All of the time",
        "All or almost all of the time",
    ),
    ("Never", "Almost Never", "Sometimes", "Fairly often", "Very Often"),
    ("Never", "Rarely", "Sometimes", "Often"),
    ("Never", "Sometimes", "Most of the time", "Always", "All of the time"),
    ("Never", "Less than monthly", "Monthly", "Weekly", "Daily or almost daily"),
    ("Child (0-11)", "Adolescent (12-17)", "Adult (18-64)", "Older adult (65-74)", "Elderly (75+)"),
    ("No", "Yes"),
    (
        "Strongly disagree",
        "Somewhat disagree",
        "Disagree",
        "Neutral (neither agree nor disagree)",
        "Agree",
        "Somewhat agree",
        "Strongly agree",
    ),
    ("Less often", "Almost every day", "Every day"),
)
"""Labels of scales in their order, where the numbers of the key do not follow it."""

FOLLOW_UP_ANSWERS = {
    "Yes": "Yes",
    "No": "No",
    "Child (0-11)": "Child",
    "Adolescent (12-17)": "Adolescent",
    "Adult (18-64)": "Adult",
    "Older adult (65-74)": "OlderAdult",
    "Elderly (75+)": "Elderly",
}
"""How codes of answers end where no public file has them: the usual way of the vocabulary."""
FOLLOW_UPS = r"(?i)current|howold|^\w+_rx|prescribed|OtherHo$|ConditionCurr$"
"""Questions that follow one on a condition."""
AGES = ("MentalHealthCondition_OtherHo",)
"""Questions on the age at diagnosis whose code was cut short."""
BANDS = ("child", "adolescent", "adult", "older", "elderly")
RELATIVES_ONLY = {"CirculatoryCondition_SuddenDeath": "any:suddendeath"}
"""Conditions that nobody reports of himself."""
RELATIVES = ("self", "mother", "father", "sibling", "son", "daughter", "grandparent")

NUMBERS: Sequence[tuple[str, tuple[str, str]]] = (
    (r"AveragePain7Days", ("0", "10")),
    (r"MonthHowLong$|monthhowlong$", ("0", "255")),
    (r"(?i)howmanypeople$|^basics_xx$", ("0", "10")),
    (r"(?i)peopleunder18$|^basics_xx20$", ("0", "5")),
    (r"(?i)HistoryAge$|StartingAge$|QuitAge$|NumberOfYears$|CigaretteNumber$", ("0", "99")),
    (r"cope_a_24$", ("1", "7")),
    (r"cope_a_160$", ("0", "16")),
    (r"cope_a_85$", ("0", "59")),
    (r"_cope_a_152$", ("1", "60")),
    (r"_cope_a_198$", ("1", "11")),
    (r"_cope_a_57$", ("1", "4")),
    (r"^cdc_covid_19_n_a2$", ("1", "20")),
    (r"^urs_8c$", ("0", "20")),
)
"""Bounds of questions that are answered with a number; the reference of the programme's rules."""
DATES = r"(?i)date\d*$"
WOMEN = (
    r"(?i)Menstrual|Hysterectomy|Ovary|Pregnancy|overallhealth_14b|cope_aou_xx|OBGYN|^mhqukb_27$"
)

CATEGORIES = {
    "Circulatory": "heart",
    "Respiratory": "lung",
    "Cancer": "cancer",
    "Digestive": "digestive",
    "Endocrine": "hormone",
    "Kidney": "kidney",
    "SkeletalMuscular": "bone",
    "HearingVision": "hearing",
    "InfectiousDiseases": "infectious",
    "NervousSystem": "brain",
    "MentalHealth": "mental",
    "Other": "other",
}
CONDITIONS = {
    "other mental or substance use condition": "othermentalhealthsubstanceuse",
    "other condition(s)": "otherdiagnosis",
}

OWN_BRANCHING: Sequence[tuple[str, str, str]] = (
    (r"chis_1_xx", r"chis_1", r"SDOH_67"),
    (r"sdoh_eds_follow_up_1", r"sdoh_eds_[0-9]", r"SDOH_2[4-7]$"),
    (r"sdoh_eds_follow_up_1_xx", r"sdoh_eds_follow_up_1", r"SDOH_39"),
    (r"otherorgan_freetextbox", r"OrganTransplant_OrganTransplantDescription", r"OtherOrgan"),
    (r"othertissue_freetextbox", r"OrganTransplant_OrganTransplantDescription", r"OtherTissue"),
    (
        r"organtransplant_(\w+?)transplantdate",
        r"OrganTransplant_OrganTransplantDescription",
        r"(?i)Description_{1}",
    ),
    (r"msds_17_a", r"msds_17", r"COPE_A_(53|127|150)"),
    (r"msds_17_b", r"msds_17", r"COPE_A_(53|127|150)"),
    (r"msds_17_c", r"msds_17_b", r"COPE_A_204"),
    (r"msds_(1[0-4])_a", r"msds_{1}", r"COPE_A_(53|127|150)"),
    (r"cope_aou_xx_1", r"overallhealth_14b", r"COPE_A_44"),
    (r"cope_aou_xx_2", r"cope_aou_xx_1", r"COPE_A_44"),
    (r"cope_aou_xx_2_a", r"cope_aou_xx_2", r"COPE_A_204"),
    (r"copect_40_xx15_a", r"copect_40_xx15", r"COPE_A_(44|95)$"),
    (r"cdc_covid_19_7_xx23_other", r"cdc_covid_19_7_xx22", r"COPE_A_44"),
    (r"cdc_covid_19_7_xx23_other_cope_a_204", r"cdc_covid_19_7_xx23_other", r"COPE_A_44"),
    (r"cdc_covid_19_n_a[36]", r"cdc_covid_19_9_xx25", r"COPE_A_44"),
    (r"cdc_covid_19_n_a4", r"cdc_covid_19_n_a3", r"COPE_A_204"),
    (r"cdc_covid_19_n_a8", r"cdc_covid_19_n_a6", r"COPE_A_204"),
    (r"rand_alp_csq_(xx_1|2a|2b)", r"rand_alp_csq_1", r"COPE_A_44"),
    (r"cdc_covid_xx_(a|b|a_date1)", r"cdc_covid_xx", r"COPE_A_44"),
    (r"cdc_covid_xx_a_date2", r"cdc_covid_xx_a", r"cope_a_333"),
    (r"dmfs_28", r"dmfs_27", r"COPE_A_13"),
    (r"dmfs_29", r"dmfs_xx_1", r"cope_a_(273|315|316)"),
    (r"dmfs_29a", r"dmfs_29", r"COPE_A_204"),
    (
        r"cdc_covid_xx_(b_firstdose|symptom|a_date1|seconddose)",
        r"cdc_covid_xx_firstdose",
        r"COPE_A_44",
    ),
    (
        r"cdc_covid_xx_(b_seconddose|symptom_seconddose|a_date2)",
        r"cdc_covid_xx_seconddose",
        r"COPE_A_44",
    ),
    (r"dmfs_xx_1", r"cdc_covid_xx_firstdose", r"COPE_A_13"),
    (r"dmfs_xx_1_seconddose", r"cdc_covid_xx_seconddose", r"COPE_A_13"),
    (r"dmfs_29_(seconddose|additionaldose)", r"dmfs_xx_1_{1}", r"cope_a_(273|315|316|363)"),
    (r"dmfs_29_(seconddose|additionaldose)_other", r"dmfs_29_{1}", r"COPE_A_204"),
    (r"dmfs_xx_1_additionaldose", r"cdc_covid_xx_dose3", r"COPE_A_13"),
    (r"cdc_covid_xx_(?:b|symptom|type)_(dose\d+)", r"cdc_covid_xx_{1}", r"COPE_A_44"),
    (r"cdc_covid_xx_a_date(\d+)", r"cdc_covid_xx_dose{1}", r"COPE_A_44"),
    *(
        (f"cdc_covid_xx_dose{dose + 1}", f"cdc_covid_xx_dose{dose}", r"COPE_A_44")
        for dose in range(3, 17)
    ),
    (r"cdc_covid_xx_(b|type)_(\w+)_other", r"cdc_covid_xx_{1}_{2}", r"COPE_A_204"),
    (r"cdc_covid_xx_symptom_cope_350_(dose\d+)", r"cdc_covid_xx_symptom_{1}", r"cope_a_350"),
    (r"cdc_covid_xx_symptom_cope_350", r"cdc_covid_xx_symptom", r"cope_a_350"),
    (
        r"cdc_covid_xx_symptom_seconddose_cope_350",
        r"cdc_covid_xx_symptom_seconddose",
        r"cope_a_350",
    ),
)
"""Question, its parents, and the answers after which it is asked, where no public rule says so.

Patterns; {1} in the later ones stands for what the first bracket of the first one caught."""

SHORT = (
    ("CirculatoryCondition", "Circ"),
    ("RespiratoryCondition", "Resp"),
    ("SkeletalMuscularCondition", "Skel"),
    ("EndocrineCondition", "Endo"),
    ("OtherHealthCondition", "OtherH"),
)
TRAVELLED = "OutsideTravel6Month_OutsideTravel6MonthWhere"
STIMULANTS = "Past3MonthUseFrequency_PrescriptionStimulant3Month"
RULE_CODES = {f"{TRAVELLED}Traveled": TRAVELLED, f"{STIMULANTS}Use": STIMULANTS}
"""Codes that the branching rules give in another form than the codebook."""


def find_relative(code: str) -> str:
    """The relative a question of the family history is about; empty for the others."""
    found = re.search(r"Condition_(Mother|Father|Sibling|Son|Daughter|Grandparent)", code)
    return found.group(1).lower() if found else ""


def shorten(code: str, known: Mapping[str, int]) -> str:
    """The code of at most 50 letters that the vocabulary has for a longer one."""
    if code in known:
        return code
    if code.removesuffix("Condition") in known:
        return code.removesuffix("Condition")
    for long, short in SHORT:
        stem = code.replace(long, short) if long in code else ""
        found = [name for name in known if stem and name.startswith(stem)]
        if len(found) == 1:
            return found[0]
    return code

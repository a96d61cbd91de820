//! Figures with what they count: value, unit or noun, and whether they are a percentage, a p value or a sample size.

use super::words::{Kind, Token};

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// "p < 0.05", with its sign (`<`, `=` or `>`).
    P(char),
    /// "n = 120".
    SampleSize,
    /// "12%", "12 per cent", "12 in 100".
    Percent,
    /// Anything else.
    Plain,
}

/// What a figure counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A unit in one spelling: "mg/kg", "day".
    Unit(&'static str),
    /// A kind of noun: "people", "studies".
    Noun(&'static str),
    /// What it numbers: "type 2", "grade 3".
    Label(&'static str),
    /// Nothing known.
    Unknown,
}

/// A figure of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quantity {
    /// Index of its token.
    pub(super) token: usize,
    /// Normalised, without sign.
    pub(super) value: String,
    /// Whether a minus stands before it.
    pub(super) negative: bool,
    pub(super) role: Role,
    pub(super) of: Of,
    /// Whether `role` or `of` was taken from a later figure of the same list ("12 and 15%").
    pub(super) borrowed: bool,
    /// Up to which token its unit reaches, itself included.
    pub(super) last: usize,
}

/// Spellings of units, and the one we compare.
const UNITS: [(&str, &str); 98] = [
    ("mg", "mg"),
    ("milligram", "mg"),
    ("milligrams", "mg"),
    ("g", "g"),
    ("gram", "g"),
    ("grams", "g"),
    ("gm", "g"),
    ("kg", "kg"),
    ("kilogram", "kg"),
    ("kilograms", "kg"),
    ("µg", "µg"),
    ("μg", "µg"),
    ("mcg", "µg"),
    ("ug", "µg"),
    ("microgram", "µg"),
    ("micrograms", "µg"),
    ("ng", "ng"),
    ("pg", "pg"),
    ("ml", "ml"),
    ("mls", "ml"),
    ("millilitre", "ml"),
    ("millilitres", "ml"),
    ("milliliter", "ml"),
    ("milliliters", "ml"),
    ("cc", "ml"),
    ("l", "l"),
    ("litre", "l"),
    ("litres", "l"),
    ("liter", "l"),
    ("liters", "l"),
    ("dl", "dl"),
    ("µl", "µl"),
    ("μl", "µl"),
    ("ul", "µl"),
    ("mmol", "mmol"),
    ("µmol", "µmol"),
    ("μmol", "µmol"),
    ("umol", "µmol"),
    ("nmol", "nmol"),
    ("pmol", "pmol"),
    ("mol", "mol"),
    ("meq", "meq"),
    ("mmhg", "mmhg"),
    ("cmh2o", "cmh2o"),
    ("kpa", "kpa"),
    ("cm", "cm"),
    ("mm", "mm"),
    ("µm", "µm"),
    ("μm", "µm"),
    ("km", "km"),
    ("nm", "nm"),
    ("inch", "inch"),
    ("inches", "inch"),
    ("h", "hour"),
    ("hr", "hour"),
    ("hrs", "hour"),
    ("hour", "hour"),
    ("hours", "hour"),
    ("hourly", "hour"),
    ("min", "minute"),
    ("mins", "minute"),
    ("minute", "minute"),
    ("minutes", "minute"),
    ("s", "second"),
    ("sec", "second"),
    ("secs", "second"),
    ("second", "second"),
    ("seconds", "second"),
    ("ms", "ms"),
    ("d", "day"),
    ("day", "day"),
    ("days", "day"),
    ("wk", "week"),
    ("wks", "week"),
    ("week", "week"),
    ("weeks", "week"),
    ("month", "month"),
    ("months", "month"),
    ("mo", "month"),
    ("y", "year"),
    ("yr", "year"),
    ("yrs", "year"),
    ("year", "year"),
    ("years", "year"),
    ("iu", "iu"),
    ("u", "iu"),
    ("units", "iu"),
    ("unit", "iu"),
    ("bpm", "bpm"),
    ("mv", "mv"),
    ("hz", "hz"),
    ("w", "w"),
    ("j", "j"),
    ("kcal", "kcal"),
    ("gy", "gy"),
    ("fold", "times"),
    ("times", "times"),
    ("cells", "cells"),
];

/// Nouns of one kind that a figure may count.
const NOUNS: [(&str, &str); 61] = [
    ("patients", "people"),
    ("participants", "people"),
    ("people", "people"),
    ("persons", "people"),
    ("subjects", "people"),
    ("individuals", "people"),
    ("volunteers", "people"),
    ("adults", "people"),
    ("children", "people"),
    ("infants", "people"),
    ("neonates", "people"),
    ("newborns", "people"),
    ("babies", "people"),
    ("women", "people"),
    ("men", "people"),
    ("mothers", "people"),
    ("males", "people"),
    ("females", "people"),
    ("adolescents", "people"),
    ("students", "people"),
    ("nurses", "people"),
    ("residents", "people"),
    ("survivors", "people"),
    ("controls", "people"),
    ("smokers", "people"),
    ("girls", "people"),
    ("boys", "people"),
    ("recipients", "people"),
    ("donors", "people"),
    ("trials", "studies"),
    ("trial", "studies"),
    ("studies", "studies"),
    ("study", "studies"),
    ("rcts", "studies"),
    ("rct", "studies"),
    ("articles", "studies"),
    ("papers", "studies"),
    ("publications", "studies"),
    ("reviews", "studies"),
    ("comparisons", "comparisons"),
    ("centres", "places"),
    ("centers", "places"),
    ("hospitals", "places"),
    ("sites", "places"),
    ("countries", "countries"),
    ("clinics", "places"),
    ("practices", "places"),
    ("deaths", "deaths"),
    ("events", "events"),
    ("episodes", "events"),
    ("eyes", "eyes"),
    ("teeth", "teeth"),
    ("knees", "knees"),
    ("hips", "hips"),
    ("mice", "animals"),
    ("rats", "animals"),
    ("pigs", "animals"),
    ("lambs", "animals"),
    ("dogs", "animals"),
    ("groups", "groups"),
    ("arms", "groups"),
];

/// Words that end what a figure may count: the noun is before them or not there.
const STOPS: [&str; 24] = [
    "of", "in", "with", "and", "were", "was", "to", "had", "or", "for", "at", "per", "by", "from", "on",
    "versus", "vs", "who", "that", "than", "after", "before", "during", "out",
];

/// Words whose number is a name: "type 2 diabetes".
const LABELS: [&str; 14] = [
    "type", "grade", "stage", "phase", "class", "level", "category", "version", "factor", "study", "group",
    "cohort", "step", "tier",
];

/// Units that may stand before: "day 28".
const TIMES: [&str; 8] = ["day", "days", "week", "weeks", "month", "months", "year", "hour"];

/// All figures among the tokens.
pub(super) fn read_quantities(tokens: &[Token]) -> Vec<Quantity> {
    let mut quantities: Vec<Quantity> =
        (0..tokens.len()).filter(|at| tokens[*at].is_number()).map(|at| read_quantity(tokens, at)).collect();
    lend_backwards(tokens, &mut quantities);
    quantities
}

fn read_quantity(tokens: &[Token], at: usize) -> Quantity {
    let token = &tokens[at];
    let before =
        |steps: usize| at.checked_sub(steps).map(|index| tokens[index].text.as_str()).unwrap_or_default();
    let negative = before(1) == "-"
        && !token.spaced
        && tokens[at - 1].spaced
        && !at.checked_sub(2).is_some_and(|index| tokens[index].is_number());
    let (mut of, mut last) = read_unit(tokens, at);
    let mut role = Role::Plain;
    let after = |steps: usize| tokens.get(at + steps).map(|token| token.text.as_str()).unwrap_or_default();
    if after(1) == "%" || matches!(after(1), "percent" | "percentage" | "pct") {
        (role, of, last) = (Role::Percent, Of::Unknown, at + 1);
    } else if after(1) == "per" && after(2) == "cent" {
        (role, of, last) = (Role::Percent, Of::Unknown, at + 2);
    } else if is_in_hundred(tokens, at) {
        (role, of) = (Role::Percent, Of::Unknown);
    } else if let Some(sign) = find_p_sign(tokens, at) {
        role = Role::P(sign);
    } else if matches!(before(1), "=") && before(2) == "n" {
        role = Role::SampleSize;
    }
    if let (Role::Plain, Some(label)) = (role, LABELS.iter().find(|label| **label == before(1))) {
        (of, last) = (Of::Label(label), at);
    } else if of == Of::Unknown && role == Role::Plain && TIMES.contains(&before(1)) {
        of = unit_of(before(1)).map_or(Of::Unknown, Of::Unit);
    }
    Quantity { token: at, value: token.text.clone(), negative, role, of, borrowed: false, last }
}

/// "23 in 100", "23 out of 100 people", "23 per 100".
fn is_in_hundred(tokens: &[Token], at: usize) -> bool {
    let words: Vec<&str> = tokens[at + 1..].iter().take(4).map(|token| token.text.as_str()).collect();
    matches!(
        words.as_slice(),
        ["in" | "per", "every", "100", ..]
            | ["in" | "per", "100", ..]
            | ["out", "of", "100", ..]
            | ["out", "of", "every", "100"]
    )
}

/// The sign between a "p" and the figure at `at`.
fn find_p_sign(tokens: &[Token], at: usize) -> Option<char> {
    let mut sign = None;
    for token in tokens[..at].iter().rev().take(6) {
        match token.text.as_str() {
            "<" | "≤" => sign = sign.or(Some('<')),
            ">" | "≥" => sign = sign.or(Some('>')),
            "=" => sign = sign.or(Some('=')),
            "p" | "ps" => return sign,
            "value" | "values" | "for" | "trend" | "interaction" | "of" | "was" | "-" | "is"
                if sign.is_some() => {}
            "values" | "value" | "of" => sign = sign.or(Some('=')),
            _ => return None,
        }
    }
    None
}

/// The unit or the noun that follows the number at `at`, and the last token of the unit.
fn read_unit(tokens: &[Token], at: usize) -> (Of, usize) {
    let mut next = at + 1;
    if tokens.get(next).is_some_and(|token| token.is("-") && !token.spaced) {
        next += 1;
    }
    let Some(first) = tokens.get(next) else { return (Of::Unknown, at) };
    if first.is("°") {
        return (Of::Unit("°"), next);
    }
    if let Some(unit) = unit_of(&first.text) {
        // "5 S. aureus", "3 D models": single letters are units only where nothing but an end or a rate follows
        let (unit, last) = read_rate(tokens, next, unit);
        return (Of::Unit(unit), last);
    }
    for (steps, token) in tokens[next..].iter().take(6).enumerate() {
        if let Some((_, noun)) = NOUNS.iter().find(|(word, _)| token.is(word)) {
            return (Of::Noun(noun), at);
        }
        if token.kind == Kind::Sign && !token.is("-")
            || token.is_number()
            || STOPS.contains(&token.text.as_str())
        {
            break;
        }
        if steps > 0 && unit_of(&token.text).is_some_and(|unit| unit.len() > 2) {
            break;
        }
    }
    (Of::Unknown, at)
}

fn unit_of(word: &str) -> Option<&'static str> {
    UNITS.iter().find(|(spelling, _)| *spelling == word).map(|(_, unit)| *unit)
}

/// "mg/kg/min", "mg per kg", "mg kg-1": the rate belongs to the unit.
fn read_rate(tokens: &[Token], at: usize, unit: &'static str) -> (&'static str, usize) {
    const RATES: [(&str, &str, &str); 16] = [
        ("mg", "kg", "mg/kg"),
        ("µg", "kg", "µg/kg"),
        ("ml", "kg", "ml/kg"),
        ("g", "kg", "g/kg"),
        ("iu", "kg", "iu/kg"),
        ("mg", "day", "mg/day"),
        ("g", "day", "g/day"),
        ("mg", "dl", "mg/dl"),
        ("g", "dl", "g/dl"),
        ("mmol", "l", "mmol/l"),
        ("ng", "ml", "ng/ml"),
        ("pg", "ml", "pg/ml"),
        ("l", "minute", "l/minute"),
        ("ml", "minute", "ml/minute"),
        ("iu", "ml", "iu/ml"),
        ("mg", "ml", "mg/ml"),
    ];
    let (Some(slash), Some(second)) = (tokens.get(at + 1), tokens.get(at + 2)) else { return (unit, at) };
    if !(slash.is("/") || slash.is("per")) {
        return (unit, at);
    }
    let below = unit_of(&second.text);
    let rate = RATES.iter().find(|(over, under, _)| *over == unit && Some(*under) == below);
    rate.map_or((unit, at), |(_, _, rate)| (rate, at + 2))
}

/// "5, 10 and 20 mg", "12 to 15%", "12 vs 15%": a figure without a unit may have that of the next of its list.
fn lend_backwards(tokens: &[Token], quantities: &mut [Quantity]) {
    for at in (0..quantities.len().saturating_sub(1)).rev() {
        let (left, right) = quantities.split_at_mut(at + 1);
        let (lower, upper) = (&mut left[at], &right[0]);
        let between = &tokens[lower.token + 1..upper.token];
        let listed = between.len() <= 3
            && between.iter().all(|token| {
                matches!(
                    token.text.as_str(),
                    "-" | "to" | "and" | "or" | "," | "vs" | "versus" | "." | "±" | "/" | "through" | "v"
                )
            })
            && !between.is_empty();
        if listed
            && lower.of == Of::Unknown
            && lower.role == Role::Plain
            && matches!(upper.role, Role::Plain | Role::Percent)
        {
            (lower.of, lower.role, lower.borrowed) = (upper.of, upper.role, true);
        }
    }
}

//! Takes a correct summary and makes one thing in it wrong, as a tired editor or a language model would.

use std::ops::Range;

/// What is made wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Digit,
    Percentage,
    DecimalPoint,
    Unit,
    SampleSize,
    PValue,
    Direction,
    Negation,
    SwappedArm,
}

pub(crate) const FAULTS: [Fault; 9] = [
    Fault::Digit,
    Fault::Percentage,
    Fault::DecimalPoint,
    Fault::Unit,
    Fault::SampleSize,
    Fault::PValue,
    Fault::Direction,
    Fault::Negation,
    Fault::SwappedArm,
];

/// A summary with one fault, and where it is (bytes).
pub(crate) struct Spoiled {
    pub(crate) text: String,
    pub(crate) at: Range<usize>,
}

/// A number of small whole steps that is always the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.roll(of.len())].clone())
    }
}

/// The figures of a text as printed: runs of digits with points and thousands' commas, letters on neither side.
pub(crate) fn figures(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit()
                || matches!(bytes[at], b'.' | b',') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            at += 1;
        }
        let before = text[..start].chars().next_back();
        let hyphenated = before == Some('-') && text[..start - 1].ends_with(char::is_alphabetic);
        let named = before.is_some_and(char::is_alphabetic) || hyphenated;
        if !named && !text[at..].starts_with(char::is_alphabetic) {
            found.push(start..at);
        }
    }
    found
}

/// The value of a printed figure.
pub(crate) fn value(printed: &str) -> f64 {
    let point = printed.rfind('.').filter(|_| printed.matches('.').count() == 1);
    let plain: String = printed.chars().filter(|c| *c != ',' && (*c != '.' || point.is_some())).collect();
    plain.parse().unwrap_or(f64::NAN)
}

/// Makes one thing wrong; `None` where the summary has no such thing. Only figures in `truths` (that the abstract holds) are
/// touched.
pub(crate) fn spoil(
    summary: &str,
    fault: Fault,
    truths: &[Range<usize>],
    dice: &mut Dice,
) -> Option<Spoiled> {
    let follows = |range: &Range<usize>, words: &[&str]| {
        let rest = summary[range.end..].trim_start().to_lowercase();
        words.iter().any(|word| {
            rest.strip_prefix(word)
                .is_some_and(|tail| *word == "%" || !tail.starts_with(char::is_alphanumeric))
        })
    };
    let is_p = |range: &Range<usize>| {
        let before = summary[..range.start].trim_end().trim_end_matches(['<', '>', '=', '≤', '≥']);
        before.len() < summary[..range.start].trim_end().len()
            && before.trim_end().to_lowercase().ends_with('p')
    };
    let is_n = |range: &Range<usize>| {
        let before = summary[..range.start].trim_end();
        before.strip_suffix('=').is_some_and(|before| before.trim_end().to_lowercase().ends_with('n'))
            || follows(
                range,
                &[
                    "patients",
                    "participants",
                    "people",
                    "women",
                    "men",
                    "children",
                    "infants",
                    "subjects",
                    "adults",
                ],
            )
    };
    let of = |test: &dyn Fn(&Range<usize>) -> bool| {
        truths.iter().filter(|range| test(range)).cloned().collect::<Vec<_>>()
    };
    match fault {
        Fault::Digit => {
            let range = dice.pick(&of(&|_| true))?;
            change_digit(summary, range, dice)
        }
        Fault::Percentage => {
            let range = dice.pick(&of(&|range| follows(range, &["%"])))?;
            change_digit(summary, range, dice)
        }
        Fault::PValue => {
            let range = dice.pick(&of(&is_p))?;
            change_digit(summary, range, dice)
        }
        Fault::SampleSize => {
            let range = dice.pick(&of(&is_n))?;
            change_digit(summary, range, dice)
        }
        Fault::DecimalPoint => {
            let range = dice.pick(&of(&|range| summary[range.clone()].contains('.')))?;
            let printed = &summary[range.clone()];
            let point = printed.find('.')?;
            let digits = printed.replace('.', "");
            let moved = if point + 1 < digits.len() {
                point + 1
            } else {
                point.checked_sub(1).filter(|at| *at > 0)?
            };
            let wrong = format!("{}.{}", &digits[..moved], &digits[moved..]);
            (value(&wrong) != value(printed)).then(|| replace(summary, range, &wrong))
        }
        Fault::Unit => {
            const UNITS: [(&str, &str); 18] = [
                ("mg", "g"),
                ("g", "mg"),
                ("kg", "g"),
                ("µg", "mg"),
                ("μg", "mg"),
                ("mcg", "mg"),
                ("ml", "l"),
                ("days", "weeks"),
                ("weeks", "months"),
                ("months", "years"),
                ("years", "months"),
                ("hours", "days"),
                ("minutes", "hours"),
                ("h", "min"),
                ("min", "h"),
                ("mmHg", "kPa"),
                ("cm", "mm"),
                ("mm", "cm"),
            ];
            let range = dice.pick(&of(&|range| {
                follows(
                    range,
                    &UNITS.map(|(unit, _)| unit).map(|unit| if unit == "mmHg" { "mmhg" } else { unit }),
                )
            }))?;
            let start = range.end + summary[range.end..].len() - summary[range.end..].trim_start().len();
            let length = summary[start..].find(|c: char| !c.is_alphabetic()).unwrap_or(summary.len() - start);
            let unit = &summary[start..start + length];
            let (_, wrong) = UNITS.iter().find(|(unit_, _)| unit_.eq_ignore_ascii_case(unit))?;
            let mut spoiled = replace(summary, start..start + length, wrong);
            spoiled.at.start = range.start;
            Some(spoiled)
        }
        Fault::Direction => change_word(summary, &DIRECTIONS, dice),
        Fault::Negation => change_word(summary, &NEGATIONS, dice),
        Fault::SwappedArm => swap_arms(summary, dice),
    }
}

fn change_digit(summary: &str, range: Range<usize>, dice: &mut Dice) -> Option<Spoiled> {
    let printed = &summary[range.clone()];
    let places: Vec<usize> =
        printed.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at).collect();
    let at = dice.pick(&places)?;
    let old = printed.as_bytes()[at] - b'0';
    let lowest = u8::from(at == 0 && printed.len() > 1 && !printed.starts_with('0'));
    let options: Vec<u8> = (lowest..10).filter(|digit| *digit != old).collect();
    let new = dice.pick(&options)?;
    let mut wrong = printed.to_owned();
    wrong.replace_range(at..=at, &new.to_string());
    (value(&wrong) != value(printed)).then(|| replace(summary, range, &wrong))
}

fn replace(summary: &str, range: Range<usize>, wrong: &str) -> Spoiled {
    let text = format!("{}{wrong}{}", &summary[..range.start], &summary[range.end..]);
    Spoiled { text, at: range.start..range.start + wrong.len() }
}

const DIRECTIONS: [(&str, &str); 44] = [
    ("increased", "decreased"),
    ("decreased", "increased"),
    ("increase", "decrease"),
    ("decrease", "increase"),
    ("increases", "decreases"),
    ("decreases", "increases"),
    ("reduced", "increased"),
    ("reduces", "increases"),
    ("reduce", "increase"),
    ("reduction", "increase"),
    ("reductions", "increases"),
    ("higher", "lower"),
    ("lower", "higher"),
    ("greater", "smaller"),
    ("smaller", "greater"),
    ("more", "less"),
    ("less", "more"),
    ("fewer", "more"),
    ("better", "worse"),
    ("worse", "better"),
    ("improved", "worsened"),
    ("improves", "worsens"),
    ("improve", "worsen"),
    ("improvement", "worsening"),
    ("improvements", "deteriorations"),
    ("superior", "inferior"),
    ("inferior", "superior"),
    ("longer", "shorter"),
    ("shorter", "longer"),
    ("effective", "ineffective"),
    ("beneficial", "harmful"),
    ("benefit", "harm"),
    ("similar", "different"),
    ("rose", "fell"),
    ("fell", "rose"),
    ("declined", "rose"),
    ("elevated", "reduced"),
    ("lowered", "raised"),
    ("faster", "slower"),
    ("slower", "faster"),
    ("safe", "unsafe"),
    ("larger", "smaller"),
    ("favourable", "unfavourable"),
    ("comparable", "different"),
];
const NEGATIONS: [(&str, &str); 14] = [
    ("no significant", "a significant"),
    ("no difference", "a difference"),
    ("no differences", "differences"),
    ("did not", "did"),
    ("was not", "was"),
    ("were not", "were"),
    ("does not", "does"),
    ("not significantly", "significantly"),
    ("no effect", "an effect"),
    ("is effective", "is not effective"),
    ("significantly", "not significantly"),
    ("was associated", "was not associated"),
    ("were associated", "were not associated"),
    ("no evidence", "evidence"),
];

/// Replaces one of the words that stands as a whole word.
fn change_word(summary: &str, pairs: &[(&str, &str)], dice: &mut Dice) -> Option<Spoiled> {
    let mut places: Vec<(Range<usize>, &str)> = Vec::new();
    for (old, new) in pairs {
        for (at, _) in summary.match_indices(old) {
            let end = at + old.len();
            let whole = !summary[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-')
                && !summary[end..].starts_with(|c: char| c.is_alphanumeric() || c == '-');
            let figure_bound = summary[end..].starts_with(" than ")
                && summary[end + " than ".len()..].starts_with(|c: char| c.is_ascii_digit());
            let negated =
                pairs.len() == NEGATIONS.len() && *old == "significantly" && summary[..at].ends_with("not ");
            if whole && !figure_bound && !negated {
                places.push((at..end, new));
            }
        }
    }
    let (range, new) = dice.pick(&places)?;
    Some(replace(summary, range, new))
}

/// "X group … Y group" and "X versus Y": X and Y change places.
fn swap_arms(summary: &str, dice: &mut Dice) -> Option<Spoiled> {
    let word_before = |end: usize| {
        let head = summary[..end].trim_end();
        let start = head
            .rfind(|c: char| !c.is_alphanumeric())
            .map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
        start..head.len()
    };
    let mut pairs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for arm in [" group", " arm"] {
        let arms: Vec<Range<usize>> = summary.match_indices(arm).map(|(at, _)| word_before(at)).collect();
        for pair in arms.windows(2) {
            pairs.push((pair[0].clone(), pair[1].clone()));
        }
    }
    for versus in
        [" versus ", " vs ", " vs. ", " than in ", " than with ", " compared with ", " compared to "]
    {
        for (at, _) in summary.match_indices(versus) {
            let start = at + versus.len();
            let length =
                summary[start..].find(|c: char| !c.is_alphanumeric()).unwrap_or(summary.len() - start);
            if versus.trim() == "versus" || versus.trim().starts_with("vs") || versus.contains("compared") {
                pairs.push((word_before(at), start..start + length));
            }
        }
    }
    pairs.retain(|(a, b)| {
        let (first, second) = (&summary[a.clone()], &summary[b.clone()]);
        let plain = |word: &str| {
            word.len() > 2
                && word.chars().all(char::is_alphabetic)
                && !FILLERS.contains(&word.to_lowercase().as_str())
        };
        a.end <= b.start
            && plain(first)
            && plain(second)
            && !first.eq_ignore_ascii_case(second)
            && !summary[a.end..b.start].contains(". ")
    });
    let (a, b) = dice.pick(&pairs)?;
    let text = format!(
        "{}{}{}{}{}",
        &summary[..a.start],
        &summary[b.clone()],
        &summary[a.end..b.start],
        &summary[a.clone()],
        &summary[b.end..]
    );
    Some(Spoiled { text, at: a.start..b.end })
}

const FILLERS: [&str; 24] = [
    "the",
    "this",
    "that",
    "either",
    "each",
    "other",
    "one",
    "same",
    "and",
    "both",
    "per",
    "with",
    "those",
    "any",
    "when",
    "group",
    "was",
    "were",
    "only",
    "placebos",
    "between",
    "significant",
    "significantly",
    "treatment",
];

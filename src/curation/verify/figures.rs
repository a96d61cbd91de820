//! Whether every figure of a summary stands in the title or the abstract, as what the summary says it is.

use super::context::compare_places;
use super::quantity::{Of, Quantity, Role, read_quantities};
use super::words::{Kind, Token};
use super::{Found, MarkKind};

/// A place this like the summary's, that says another figure, outweighs the same figure elsewhere …
const SAME_PLACE: f64 = 0.55;
/// … when it is by this much more like it.
const MARGIN: f64 = 0.2;

/// Words before a figure that say it is rounded.
const ROUNDED: [&str; 16] = [
    "about",
    "approximately",
    "around",
    "nearly",
    "almost",
    "roughly",
    "some",
    "circa",
    "ca",
    "approx",
    "~",
    "≈",
    "over",
    "under",
    "than",
    "least",
];

/// Marks for the figures of `summary` that `source` (title and abstract) does not hold.
pub(super) fn check_figures(source: &[Token], summary: &[Token]) -> Vec<Found> {
    let known = read_quantities(source);
    read_quantities(summary)
        .iter()
        .filter_map(|quantity| {
            let (kind, reason) = judge(quantity, summary, &known, source)?;
            Some(Found { kind, tokens: (quantity.token, quantity.last), reason })
        })
        .collect()
}

/// What is wrong with a figure, if anything.
fn judge(
    quantity: &Quantity,
    summary: &[Token],
    known: &[Quantity],
    source: &[Token],
) -> Option<(MarkKind, String)> {
    let equal: Vec<&Quantity> = known.iter().filter(|other| has_value(quantity, other)).collect();
    let printed = print(quantity, summary);
    if is_hundred_asked(summary, quantity.token) {
        return None;
    }
    if equal.is_empty() {
        if summary[quantity.token].kind == (Kind::Number { spelt: true })
            && is_way_of_speaking(summary, quantity.token)
        {
            return None;
        }
        if is_rounded(summary, quantity) && known.iter().any(|other| rounds_to(other, quantity)) {
            return None;
        }
        return Some((MarkKind::Figure, format!("{printed} is not in the title or the abstract")));
    }
    let fitting: Vec<&Quantity> = equal.iter().copied().filter(|other| agrees(quantity, other)).collect();
    if fitting.is_empty() {
        let there = print(equal[0], source);
        let kind = if matches!(quantity.of, Of::Unit(_)) { MarkKind::Unit } else { MarkKind::Figure };
        return Some((kind, format!("{printed} stands in the abstract only as {there}")));
    }
    let likeness = |other: &Quantity| compare_places(summary, quantity.token, source, other.token);
    let best = fitting.iter().map(|other| likeness(other)).fold(0.0, f64::max);
    let rival = known
        .iter()
        .filter(|other| match has_value(quantity, other) {
            true => !agrees(quantity, other),
            false => is_of_kind(quantity, other),
        })
        .map(|other| (likeness(other), other))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (rival.0 >= SAME_PLACE && rival.0 >= best + MARGIN).then(|| {
        (
            MarkKind::Figure,
            format!("the abstract says {} where the summary says {printed}", print(rival.1, source)),
        )
    })
}

fn has_value(quantity: &Quantity, other: &Quantity) -> bool {
    // a summary may say "fell by 5" of "-5"; it may not say "-5" of "5"
    quantity.value == other.value && (!quantity.negative || other.negative)
}

/// Whether an equal figure of the source is of the same sort: a percentage is no dose, and a p value keeps its sign.
fn agrees(quantity: &Quantity, other: &Quantity) -> bool {
    let loose = quantity.borrowed || other.borrowed;
    match (quantity.role, other.role) {
        (Role::P(a), Role::P(b)) => a == b,
        (Role::P(_), _) | (Role::Percent, Role::P(_)) => false,
        (Role::Percent, Role::Percent) => true,
        (Role::Percent, Role::Plain | Role::SampleSize) => loose && other.of == Of::Unknown,
        (Role::Plain | Role::SampleSize, Role::Percent | Role::P(_)) => {
            loose || quantity.of == Of::Unknown && quantity.role == Role::Plain
        }
        (Role::SampleSize, _) | (_, Role::SampleSize) => {
            !matches!((quantity.of, other.of), (Of::Unit(_), _) | (_, Of::Unit(_)))
        }
        (Role::Plain, Role::Plain) => match (quantity.of, other.of) {
            (Of::Unit(a), Of::Unit(b)) => a == b || is_part_of(a, b) || is_part_of(b, a),
            (Of::Noun(a), Of::Noun(b)) => a == b || loose,
            (Of::Label(a), Of::Label(b)) => a == b,
            (Of::Label(_), _) => false,
            (Of::Unit(unit), Of::Unknown) => loose || matches!(unit, "year" | "times"),
            (Of::Unit(_), _) | (Of::Noun(_), Of::Unit(_)) => loose,
            _ => true,
        },
    }
}

/// "mg" is the beginning of "mg/kg": an editor may leave the rate out.
fn is_part_of(short: &str, long: &str) -> bool {
    long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether another figure could stand in this one's place.
fn is_of_kind(quantity: &Quantity, other: &Quantity) -> bool {
    match (quantity.role, other.role) {
        (Role::P(_), Role::P(_)) | (Role::Percent, Role::Percent) => true,
        (Role::P(_), _) | (_, Role::P(_)) | (Role::Percent, _) | (_, Role::Percent) => false,
        _ => match (quantity.of, other.of) {
            (Of::Label(a), Of::Label(b)) => a == b,
            (Of::Label(_), _) | (_, Of::Label(_)) => false,
            (Of::Unit(a), Of::Unit(b)) => a == b,
            (Of::Noun(a), Of::Noun(b)) => a == b,
            (Of::Unknown, _) | (_, Of::Unknown) => true,
            _ => false,
        },
    }
}

/// "the two groups", "both … two": spelt numbers that count what the sentence itself names.
fn is_way_of_speaking(summary: &[Token], at: usize) -> bool {
    let next = summary.get(at + 1).map(|token| token.text.as_str()).unwrap_or_default();
    summary[at].is("2")
        && matches!(
            next,
            "groups" | "arms" | "treatments" | "interventions" | "drugs" | "methods" | "techniques"
        )
        || summary[at].is("0")
}

/// The 100 of "23 in 100": a way to say per cent.
fn is_hundred_asked(summary: &[Token], at: usize) -> bool {
    matches!(summary[at].text.as_str(), "100" | "1000")
        && at > 0
        && matches!(summary[at - 1].text.as_str(), "in" | "of" | "per" | "every" | "each")
}

fn is_rounded(summary: &[Token], quantity: &Quantity) -> bool {
    let start = quantity.token.saturating_sub(3);
    summary[start..quantity.token].iter().any(|token| ROUNDED.contains(&token.text.as_str()))
        || summary[start..quantity.token].windows(2).any(|pair| pair[0].is("up") && pair[1].is("to"))
}

/// Whether the source's figure, rounded as coarsely as the summary's is written, is the summary's: 4,487 is "about 4,500",
/// 12.4% "about 12%".
fn rounds_to(other: &Quantity, quantity: &Quantity) -> bool {
    let (Ok(exact), Ok(stated)) = (other.value.parse::<f64>(), quantity.value.parse::<f64>()) else {
        return false;
    };
    let decimals = quantity.value.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    let zeros = quantity.value.bytes().rev().take_while(|byte| *byte == b'0').count() as i32;
    let step = 10_f64.powi(if decimals > 0 { -decimals } else { zeros });
    agrees(quantity, other) && (exact - stated).abs() < step && (exact - stated).abs() <= 0.1 * stated.abs()
}

fn print(quantity: &Quantity, tokens: &[Token]) -> String {
    let sign = if quantity.negative { "−" } else { "" };
    let value = &quantity.value;
    let noun = match quantity.of {
        Of::Unit(unit) => format!(" {unit}"),
        Of::Noun(_) => tokens[quantity.token + 1..]
            .iter()
            .take(4)
            .find(|token| token.kind == Kind::Word)
            .map_or(String::new(), |token| format!(" {}", token.text)),
        Of::Label(_) | Of::Unknown => String::new(),
    };
    match quantity.role {
        Role::P(relation) => format!("p {relation} {value}"),
        Role::SampleSize => format!("n = {value}"),
        Role::Percent => format!("{sign}{value}%"),
        Role::Plain => match quantity.of {
            Of::Label(label) => format!("{label} {value}"),
            _ => format!("{sign}{value}{noun}"),
        },
    }
}

//! Whether a direction that a summary states can be traced to the abstract.
//!
//! A summary says in its own words what the abstract says in others: "improved survival" of "mortality was lower". So each
//! word of direction is compared with every word of direction of the source by what they are about, and the evidence for
//! and against is weighed. Where a place of the source contradicts it, that place is quoted; where nothing bears it out, the
//! mark says only that. The weights are learnt (`examples/train_directions.rs`) from correct conclusions of trials and the
//! same with one direction turned round. Sentences of hope ("whether", "we aimed") bear nothing out.

use super::context::{compare_places, compare_sentences};
use super::direction::{Axis, Direction, find_rival, phrase, read_directions};
use super::outcome::is_more_wanted;
use super::words::{Token, read_tokens};
use super::{Found, MarkKind};

/// How many numbers weigh a direction.
pub const EVIDENCE: usize = 18;

/// Learnt by `examples/train_directions.rs`; the last is the constant.
const WEIGHTS: [f64; EVIDENCE + 1] = [
    -0.35, -0.17, -3.02, 2.63, -1.08, 1.04, 3.63, -0.09, 1.62, -0.44, -0.47, 0.35, -0.28, 0.02, 0.50, 0.36,
    0.25, -0.12, -0.79,
];

/// Places this alike are about the same; more alike says little more.
const LITTLE: f64 = 0.25;
/// Places this alike are copies.
const COPIED: f64 = 0.8;

/// A place this alike that says the opposite, and more alike than any that agrees, is a contradiction whatever else is said …
const RESTATED: f64 = 0.5;
/// … and on the axes that are not weighed, of order and level, one this alike.
const ALIKE: f64 = 0.27;

/// From here on a doubt is a mark where the source contradicts …
const CONTRADICTED: f64 = 0.6;
/// … by a place that is this much like the summary's …
const LEAST_LIKE: f64 = 0.15;
/// … and from here on where nothing bears the direction out.
const UNTRACED: f64 = 0.27;
/// Words on each side of a direction that stand in the source as they do here: then it is copied.
const NEIGHBOURS: usize = 3;

/// A direction of a summary with the evidence about it.
#[derive(Debug, Clone)]
pub struct Traced {
    /// Start and end in the summary, in bytes.
    pub span: (usize, usize),
    /// What weighs for and against it, each about between -1 and 1.
    pub evidence: [f64; EVIDENCE],
    token: usize,
    /// How alike the best place is that contradicts it, and its token.
    rival: Option<(f64, usize)>,
}

impl Traced {
    /// How likely it is wrong, 0 to 1, among as many wrong as right ones.
    pub fn doubt(&self) -> f64 {
        let constant = WEIGHTS[EVIDENCE];
        let sum = self.evidence.iter().zip(WEIGHTS).map(|(evidence, weight)| evidence * weight).sum::<f64>();
        1.0 / (1.0 + (-sum - constant).exp())
    }
}

/// The evidence about each direction that `summary` states; those that count or compare nothing are left out.
pub fn trace_directions(title: &str, abstract_text: &str, summary: &str) -> Vec<Traced> {
    trace(&read_tokens(&format!("{title}\n\n{abstract_text}")), &read_tokens(summary))
}

/// Marks for the directions that the source contradicts or does not bear out.
pub(super) fn check_directions(source: &[Token], summary: &[Token]) -> Vec<Found> {
    let known = read_directions(source);
    let contradicted = |at: usize, rival: usize| {
        let (ours, theirs) = (&summary[at].text, phrase(source, rival));
        let reason = format!("the abstract seems to say otherwise: “{theirs}” against “{ours}”");
        Found { kind: MarkKind::Direction, tokens: (at, at), reason }
    };
    let mut found: Vec<Found> = read_directions(summary)
        .into_iter()
        .filter_map(|direction| {
            let alike = if is_weighed(direction.axis) { RESTATED } else { ALIKE };
            Some(contradicted(direction.token, find_rival(&direction, summary, &known, source, alike)?))
        })
        .collect();
    for traced in trace(source, summary) {
        let (at, doubt) = (traced.token, traced.doubt());
        if found.iter().any(|found| found.tokens == (at, at)) {
            continue;
        }
        match traced.rival.filter(|(likeness, _)| *likeness >= LEAST_LIKE) {
            Some((_, rival)) if doubt >= CONTRADICTED => found.push(contradicted(at, rival)),
            _ if doubt >= UNTRACED && !is_copied(source, summary, at) => {
                let reason =
                    format!("no sentence of the abstract was found that says “{}”", summary[at].text);
                found.push(Found { kind: MarkKind::Untraced, tokens: (at, at), reason });
            }
            _ => {}
        }
    }
    found
}

/// Whether the source holds these very words: the one at `at` with [`NEIGHBOURS`] on each side. Hopes are no evidence for
/// what was found, but who copies one says nothing that the source does not.
fn is_copied(source: &[Token], summary: &[Token], at: usize) -> bool {
    let near = at.saturating_sub(NEIGHBOURS)..summary.len().min(at + NEIGHBOURS + 1);
    let run: Vec<&Token> =
        summary[near].iter().filter(|token| token.sentence == summary[at].sentence).collect();
    source.windows(run.len()).any(|place| place.iter().zip(&run).all(|(one, other)| one.text == other.text))
}

fn is_weighed(axis: Axis) -> bool {
    matches!(axis, Axis::Size | Axis::Quality | Axis::Difference | Axis::Significance)
}

/// A direction and what it means for whoever is treated.
struct Claim {
    direction: Direction,
    /// More or less.
    more: Option<bool>,
    /// Better or worse.
    better: Option<bool>,
}

impl Claim {
    fn read(tokens: &[Token], direction: Direction) -> Self {
        let wanted = is_more_wanted(tokens, direction.token);
        let turned = wanted.map(|wanted| wanted == direction.up);
        let (more, better) = match direction.axis {
            Axis::Size => (Some(direction.up), turned),
            Axis::Quality => (turned, Some(direction.up)),
            _ => (None, None),
        };
        Self { direction, more, better }
    }

    /// Whether two claims say the same (`true`) or the opposite, where they can be compared.
    fn agrees(&self, other: &Self) -> [Option<bool>; 3] {
        let both = |one: Option<bool>, other: Option<bool>| Some(one? == other?);
        let plain = self.direction.axis == other.direction.axis;
        [
            plain.then_some(self.direction.up == other.direction.up),
            both(self.more, other.more),
            both(self.better, other.better),
        ]
    }
}

fn trace(source: &[Token], summary: &[Token]) -> Vec<Traced> {
    let read = |tokens: &[Token]| -> Vec<Claim> {
        let weighed = read_directions(tokens).into_iter().filter(|direction| is_weighed(direction.axis));
        weighed.map(|direction| Claim::read(tokens, direction)).collect()
    };
    let known = read(source);
    let hoped: Vec<bool> = known.iter().map(|claim| is_hoped(source, claim.direction.token)).collect();
    let places: Vec<usize> = read_directions(summary).iter().map(|direction| direction.token).collect();
    read(summary)
        .iter()
        .filter(|claim| is_claim(summary, claim.direction.token, &places))
        .map(|claim| weigh(claim, summary, &known, &hoped, source))
        .collect()
}

fn weigh(claim: &Claim, summary: &[Token], known: &[Claim], hoped: &[bool], source: &[Token]) -> Traced {
    let at = claim.direction.token;
    let (mut likest, mut plainly, mut worse) = (0.0_f64, [0.0_f64; 2], 0.0_f64);
    let (mut agrees, mut rival) = (0.0_f64, None::<(f64, usize)>);
    let (mut same, mut opposite, mut same_word) = (0.0, 0.0, false);
    for (other, hoped) in known.iter().zip(hoped) {
        let there = other.direction.token;
        let likeness = 0.6 * compare_places(summary, at, source, there)
            + 0.4 * compare_sentences(summary, at, source, there);
        likest = likest.max(likeness);
        let said = claim.agrees(other);
        if let Some(agrees) = said[0] {
            *(if agrees { &mut same } else { &mut opposite }) += 1.0;
            same_word |= agrees && source[there].key == summary[at].key;
        }
        if *hoped {
            continue;
        }
        if let Some(agrees) = said[0] {
            let best = &mut plainly[usize::from(agrees)];
            *best = best.max(likeness);
        }
        if said[2] == Some(false) {
            worse = worse.max(likeness);
        }
        if said.contains(&Some(true)) {
            agrees = agrees.max(likeness);
        }
        if said.contains(&Some(false)) && rival.is_none_or(|(most, _)| likeness > most) {
            rival = Some((likeness, there));
        }
    }
    let axis = claim.direction.axis;
    let sign = |up: bool| if up { 1.0 } else { -1.0 };
    let on = |wanted: Axis| if axis == wanted { sign(claim.direction.up) } else { 0.0 };
    let flag = |flag: bool| f64::from(u8::from(flag));
    let contradicts = rival.map_or(0.0, |(likeness, _)| likeness);
    let evidence = [
        (same - opposite) / (same + opposite + 2.0),
        claim.better.map_or(0.0, sign),
        agrees - contradicts,
        agrees.min(LITTLE),
        contradicts.min(LITTLE),
        flag(agrees >= COPIED),
        flag(contradicts >= COPIED && agrees < COPIED),
        flag(agrees >= contradicts && agrees > 0.0),
        flag(axis == Axis::Quality && !claim.direction.up),
        flag(same_word),
        likest,
        flag(plainly[0] > plainly[1]),
        flag(axis == Axis::Difference),
        flag(claim.direction.negated),
        on(Axis::Difference),
        on(Axis::Significance),
        flag(axis == Axis::Size),
        worse,
    ];
    let token = &summary[at];
    Traced { span: (token.span.start, token.span.end), evidence, token: at, rival }
}

/// Whether a sentence says what was hoped or asked, not what was found.
fn is_hoped(tokens: &[Token], at: usize) -> bool {
    const ASKING: [&str; 12] = [
        "whether",
        "aim",
        "aims",
        "aimed",
        "objective",
        "objectives",
        "hypothesis",
        "hypothesised",
        "hypothesized",
        "purpose",
        "sought",
        "investigated",
    ];
    const TO: [&str; 8] =
        ["evaluate", "assess", "determine", "compare", "investigate", "examine", "test", "explore"];
    let sentence = tokens[at].sentence;
    let start = tokens[..at].iter().rposition(|token| token.sentence != sentence).map_or(0, |last| last + 1);
    let words = tokens[start..].iter().take_while(|token| token.sentence == sentence);
    let mut before = "";
    for token in words {
        let word = token.text.as_str();
        if ASKING.contains(&word) || before == "to" && TO.contains(&word) {
            return true;
        }
        before = word;
    }
    false
}

/// Whether a word of direction states something found: not "more studies are needed", "benefits and harms", "different
/// methods", nor the "significant" of "a significant reduction", whose other word is weighed.
fn is_claim(tokens: &[Token], at: usize, places: &[usize]) -> bool {
    const WANTING: [&str; 12] = [
        "research",
        "trials",
        "trial",
        "data",
        "evidence",
        "information",
        "large",
        "larger",
        "work",
        "detailed",
        "high",
        "recent",
    ];
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let before = |steps: usize| at.checked_sub(steps).map_or("", text);
    match text(at) {
        "most" | "least" | "best" | "worst" | "highest" | "lowest" | "above" | "below" | "harms" | "same"
        | "effectiveness" | "efficacy" | "differential" => false,
        "more" | "larger" | "better" | "longer" | "less" => {
            let next = text(at + 1);
            !(WANTING.contains(&next) || next.starts_with("stud") || next == "or")
        }
        "harm" => !matches!(before(1), "or" | "and"),
        "benefit" | "benefits" => {
            !(matches!(text(at + 1), "or" | "and") && matches!(text(at + 2), "harm" | "harms" | "risks"))
        }
        "different" => [1, 2, 3].into_iter().any(|steps| {
            matches!(
                before(steps),
                "is" | "are" | "was" | "were" | "be" | "been" | "not" | "no" | "significantly"
            )
        }),
        word if word.starts_with("significan") => !places.iter().any(|place| {
            *place > at
                && *place <= at + 3
                && tokens[at..*place].iter().all(|token| !matches!(token.text.as_str(), "," | ";" | ":"))
                && tokens[*place].sentence == tokens[at].sentence
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "We asked whether early support increases survival in 200 adults. Mortality at day 30 was lower \
        with early support than with standard care. The length of stay did not differ between the groups. Limb \
        ischaemia was more frequent with early support.";

    fn marks(summary: &str) -> Vec<(MarkKind, String)> {
        let tokens = read_tokens(summary);
        check_directions(&read_tokens(SOURCE), &tokens)
            .into_iter()
            .map(|found| (found.kind, tokens[found.tokens.0].text.clone()))
            .collect()
    }

    #[test]
    fn what_the_abstract_says_in_other_words_is_traced() {
        for summary in [
            "Early support reduced mortality at day 30.",
            "Survival at day 30 was better with early support.",
            "Length of stay was similar in both groups.",
            "More studies of benefits and harms are needed.",
        ] {
            assert_eq!(marks(summary), [], "{summary}");
        }
    }

    #[test]
    fn what_it_contradicts_is_marked_with_its_words_and_what_it_never_says_more_softly() {
        let kinds = |summary| marks(summary).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(kinds("Early support increased mortality at day 30.").len(), 1);
        assert_eq!(kinds("Mortality at day 30 was higher with early support."), [MarkKind::Direction]);
        assert_eq!(
            kinds("Oxygenators were ineffective and unsafe."),
            [MarkKind::Untraced, MarkKind::Untraced]
        );
    }

    #[test]
    fn a_hope_that_is_copied_is_no_claim_of_ours() {
        let hope =
            "To find out whether ECPR begun within 60 minutes improves survival with favourable outcome.";
        let source =
            read_tokens(&format!("{hope} Lactate was 14 mmol/L. Nothing else was seen at 180 days."));
        for (summary, marked) in
            [(format!("{hope} It was an example."), 0), (hope.replace("improves", "worsens"), 1)]
        {
            assert_eq!(check_directions(&source, &read_tokens(&summary)).len(), marked, "{summary}");
        }
    }

    #[test]
    fn a_figures_bound_or_a_wish_for_more_is_no_direction() {
        let claims = |summary: &str| trace_directions("", SOURCE, summary).len();
        assert_eq!(
            claims("In more than 100 adults, different methods were used; larger trials are needed."),
            0
        );
        assert_eq!(claims("There was a significant reduction."), 1);
    }
}

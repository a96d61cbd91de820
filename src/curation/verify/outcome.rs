//! Whether more of an outcome is good or bad: how "fewer deaths" and "better survival" come to say the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::{Kind, Token, key_of, stem};

/// What everybody wants more of.
const WANTED: &str = "survival quality function functioning satisfaction adherence compliance response responders \
    remission accuracy success recovery knowledge performance ability independence wellbeing efficacy effectiveness \
    tolerability safety healing patency fertility pregnancy birthweight continence sleep strength endurance capacity \
    control protection immunity vaccination uptake sensitivity specificity visibility comfort mobility activity \
    analgesia relief cure clearance eradication coverage cessation abstinence retention engagement confidence acuity \
    benefit outcome weaning recanalization perfusion oxygenation";

/// What everybody wants less of.
const UNWANTED: &str = "mortality death pain bleeding haemorrhage hemorrhage complications infections stay risk \
    incidence adverse events symptoms severity failure relapse recurrence toxicity nausea vomiting anxiety depression \
    stress fatigue fractures disability injury stroke infarction thrombosis embolism sepsis fever inflammation itching \
    pruritus headache delirium dementia cancer tumour tumor malaria disease hospitalisation hospitalization \
    readmissions admissions rehospitalization exacerbations dropout withdrawals seizures obesity hypertension \
    hypotension hypoglycemia hypoglycaemia hyperglycemia edema oedema swelling costs consumption requirement \
    transfusion loss morbidity ulcers caries plaque cough dyspnea breathlessness craving smoking drinking prevalence \
    parasitemia shivering rejection impairment burden lesions viral effects distress discomfort haemolysis hemolysis \
    limb ischemia ischaemia";

/// An outcome this many tokens away still belongs to the direction.
const REACH: usize = 9;

static KNOWN: LazyLock<HashMap<u64, bool>> = LazyLock::new(|| {
    let listed =
        |words: &'static str, wanted| words.split_whitespace().map(move |word| (key_of(stem(word)), wanted));
    listed(WANTED, true).chain(listed(UNWANTED, false)).collect()
});

/// Whether more of what the direction at `at` speaks of is wanted; `None` where that is not known.
pub(super) fn is_more_wanted(tokens: &[Token], at: usize) -> Option<bool> {
    let sentence = tokens[at].sentence;
    let from = at.saturating_sub(REACH);
    let near = (from..(at + REACH + 1).min(tokens.len()))
        .filter(|place| {
            *place != at && tokens[*place].sentence == sentence && tokens[*place].kind == Kind::Word
        })
        .filter_map(|place| KNOWN.get(&tokens[place].key).map(|wanted| (place.abs_diff(at), *wanted)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, wanted)| wanted)
}

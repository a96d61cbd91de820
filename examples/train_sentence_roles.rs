//! Trains and measures the sentence classifier of `src/curation/draft` (`sentence_roles.tsv`).
//!
//! ```text
//! cargo run --release --example train_sentence_roles -- train    DATA.jsonl.gz > src/curation/draft/sentence_roles.tsv
//! cargo run --release --example train_sentence_roles -- measure  DATA.jsonl.gz > held_out_drafts.jsonl
//! ```
//!
//! DATA: JSON lines `{"id", "title", "sections": [{"label", "role", "text"}]}`, roles background, objective, methods, results,
//! conclusion, registration. Use open-access abstracts only: the weights are shipped.
//!
//! The model is a linear-chain conditional random field, trained on all documents at once by Rprop, without chance: the same data give the same file. A label that names several parts ("METHODS AND
//! RESULTS"), or a background that may end with the question, constrains its sentences to those parts and lets the model
//! say which. `measure` holds out a fifth of the documents at a time, by a hash of their id, and prints drafts made by
//! weights that never saw them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use flate2::read::MultiGzDecoder;
use perfuse::curation::draft::chain::Chain;
use perfuse::curation::draft::features::{Place, find_places, read_features};
use perfuse::curation::draft::roles::{Model, PARTS, Part, Parts, Scores};
use perfuse::curation::draft::{draft_plain_by, label_parts, read_parts};
use perfuse::curation::sentences::split_sentences;
use serde_json::{Value, json};

const FOLDS: u64 = 5;
/// Words, pairs and places kept.
const FEATURES: usize = 4000;
/// A feature stands in at least this many sentences.
const MIN_SENTENCES: usize = 3;
const ROUNDS: usize = 60;
/// How strongly weights are pulled towards zero.
const PULL: f64 = 4.0;

struct Document {
    id: String,
    title: String,
    text: String,
    sentences: Vec<(Vec<String>, Parts)>,
    /// The authors' sections: byte ranges and parts.
    bounds: Vec<(Range<usize>, Part)>,
    hash: u64,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [task, files @ ..] = args.as_slice() else { panic!("usage: train|measure DATA.jsonl[.gz]…") };
    let documents: Vec<Document> = files.iter().flat_map(|file| read_documents(file)).collect();
    match task.as_str() {
        "train" => print_model(&train(&documents.iter().collect::<Vec<_>>()), documents.len()),
        "measure" => measure(&documents),
        other => panic!("{other}: neither train nor measure"),
    }
}

fn read_documents(path: &str) -> Vec<Document> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let reader: Box<dyn Read> =
        if path.ends_with(".gz") { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    BufReader::new(reader)
        .lines()
        .map(|line| read_document(&serde_json::from_str(&line.expect("a line")).expect("JSON")))
        .collect()
}

fn read_document(row: &Value) -> Document {
    let id = row["id"].as_str().unwrap_or_default().to_owned();
    let (mut text, mut bounds) = (String::new(), Vec::new());
    for section in row["sections"].as_array().expect("sections") {
        let words: Vec<&str> = section["text"].as_str().unwrap_or_default().split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&words.join(" "));
        let role = section["role"].as_str().unwrap_or_default();
        bounds.push((start..text.len(), part_of(role), section["label"].as_str().unwrap_or_default()));
    }
    let states_aim = bounds.iter().any(|(_, part, _)| *part == Part::Objective);
    let spans: Vec<_> = bounds
        .iter()
        .flat_map(|(span, part, label)| {
            let parts = allowed(*part, label, states_aim);
            let inner = split_sentences(&text[span.clone()]);
            inner.into_iter().map(move |inner| (span.start + inner.start..span.start + inner.end, parts))
        })
        .collect();
    let texts: Vec<&str> = spans.iter().map(|(span, _)| &text[span.clone()]).collect();
    let places = find_places(&texts);
    let sentences = spans
        .iter()
        .zip(places)
        .map(|((span, parts), place)| (names(&text[span.clone()], place), *parts))
        .collect();
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Document {
        id,
        title: row["title"].as_str().unwrap_or_default().into(),
        text,
        sentences,
        bounds: bounds.into_iter().map(|(span, part, _)| (span, part)).collect(),
        hash: hash >> 17,
    }
}

fn part_of(role: &str) -> Part {
    match role {
        "background" => Part::Background,
        "objective" => Part::Objective,
        "methods" => Part::Methods,
        "results" => Part::Result,
        "conclusion" => Part::Conclusion,
        _ => Part::Other,
    }
}

fn allowed(part: Part, label: &str, states_aim: bool) -> Parts {
    let only = Parts::of(&[part]);
    let named = label_parts(label);
    let parts =
        if (2..PARTS).contains(&named.len()) && part != Part::Other { named.with(only) } else { only };
    if part == Part::Background && !states_aim { parts.with(Parts::of(&[Part::Objective])) } else { parts }
}

fn names(sentence: &str, place: Place) -> Vec<String> {
    let mut names = Vec::new();
    read_features(sentence, place, |first, second| {
        names.push(if second.is_empty() { first.to_owned() } else { format!("{first} {second}") });
    });
    names
}

/// Weights being learnt; rows before `CHAIN` are the chain's.
struct Learner {
    index: HashMap<String, usize>,
    rows: Vec<Scores>,
}

/// A sentence by its features' rows, and what it may be.
type Encoded = (Vec<usize>, Parts);

const BEGINS: usize = 0;
const ENDS: usize = 1;
const AFTER: usize = 2;
const CHAIN: usize = AFTER + PARTS;

/// Trains on all features that stand in several sentences, keeps the weightiest, and trains again on those.
fn train(documents: &[&Document]) -> Learner {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in documents.iter().flat_map(|d| &d.sentences).flat_map(|(names, _)| names) {
        *counts.entry(name).or_default() += 1;
    }
    let mut names: Vec<&str> =
        counts.iter().filter(|(_, n)| **n >= MIN_SENTENCES).map(|(name, _)| *name).collect();
    names.sort_unstable();
    let all = learn(documents, &names);
    let weight = |name: &str| {
        let weights = all.rows[all.index[name]];
        let mean = weights.iter().sum::<f64>() / PARTS as f64;
        let spread: f64 = weights.iter().map(|weight| (weight - mean).powi(2)).sum();
        spread.sqrt() * (counts[name] as f64).sqrt()
    };
    names.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
    names.truncate(FEATURES);
    learn(documents, &names)
}

fn learn(documents: &[&Document], names: &[&str]) -> Learner {
    let index: HashMap<String, usize> =
        names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), CHAIN + at)).collect();
    let mut learner = Learner { rows: vec![Scores::default(); CHAIN + names.len()], index };
    let encoded: Vec<Vec<Encoded>> = documents
        .iter()
        .map(|document| {
            let known = |names: &Vec<String>| {
                names.iter().filter_map(|name| learner.index.get(name).copied()).collect()
            };
            document.sentences.iter().map(|(names, parts)| (known(names), *parts)).collect()
        })
        .collect();
    let mut before = vec![Scores::default(); learner.rows.len()];
    let mut steps = vec![[0.05_f64; PARTS]; learner.rows.len()];
    for _ in 0..ROUNDS {
        // Rprop: each weight by its own step, longer while the slope keeps its sign, shorter when it turns
        let slopes = learner.slopes(&encoded);
        for (row, slopes) in slopes.into_iter().enumerate() {
            for (part, mut slope) in slopes.into_iter().enumerate() {
                let step = &mut steps[row][part];
                match slope * before[row][part] {
                    turned if turned < 0.0 => {
                        *step *= 0.5;
                        slope = 0.0;
                    }
                    kept if kept > 0.0 => *step = (*step * 1.2).min(1.0),
                    _ => {}
                }
                if slope != 0.0 {
                    learner.rows[row][part] -= *step * slope.signum();
                }
                before[row][part] = slope;
            }
        }
    }
    learner
}

impl Learner {
    /// How the loss changes with each weight: what the model expects of all documents less what it expects where it keeps
    /// to their labels, and the pull towards zero.
    fn slopes(&self, documents: &[Vec<Encoded>]) -> Vec<Scores> {
        let mut slopes: Vec<Scores> = self.rows.iter().map(|row| row.map(|weight| PULL * weight)).collect();
        let chain = Chain {
            begins: self.rows[BEGINS],
            ends: self.rows[ENDS],
            follows: std::array::from_fn(|part| self.rows[AFTER + part]),
        };
        for sentences in documents {
            let scores: Vec<Scores> = sentences.iter().map(|(features, _)| self.score(features)).collect();
            let labels: Vec<Parts> = sentences.iter().map(|(_, parts)| *parts).collect();
            let free = chain.expect(&scores, &vec![Parts::ALL; labels.len()]);
            let held = chain.expect(&scores, &labels);
            for (at, (features, _)) in sentences.iter().enumerate() {
                let ends = [(at == 0, BEGINS), (at + 1 == sentences.len(), ENDS)];
                let rows = features
                    .iter()
                    .copied()
                    .chain(ends.iter().filter(|(there, _)| *there).map(|(_, row)| *row));
                for row in rows {
                    add(&mut slopes[row], &free.parts[at], &held.parts[at]);
                }
            }
            for part in 0..PARTS {
                add(&mut slopes[AFTER + part], &free.steps[part], &held.steps[part]);
            }
        }
        slopes
    }

    fn score(&self, features: &[usize]) -> Scores {
        let mut scores = Scores::default();
        for feature in features {
            add(&mut scores, &self.rows[*feature], &Scores::default());
        }
        scores
    }

    /// Names and weights in hundredths, as the data file has them.
    fn lines(&self) -> Vec<(String, [i64; PARTS])> {
        let mut lines = vec![(">begins".to_owned(), BEGINS), (">ends".to_owned(), ENDS)];
        lines.extend((0..PARTS).map(|part| (format!(">after {part}"), AFTER + part)));
        let mut named: Vec<_> = self.index.iter().map(|(name, row)| (name.clone(), *row)).collect();
        named.sort_unstable();
        lines.extend(named);
        let hundredths = |row: usize| self.rows[row].map(|weight| (weight * 100.0).round() as i64);
        lines.into_iter().map(|(name, row)| (name, hundredths(row))).collect()
    }

    fn model(&self) -> Model {
        let mut model = Model::default();
        for (name, weights) in self.lines() {
            let scores: Scores = weights.map(|weight| weight as f64 / 100.0);
            model.insert(&name, scores);
        }
        model
    }
}

/// Adds `plus - minus` to `total`.
fn add(total: &mut Scores, plus: &Scores, minus: &Scores) {
    for part in 0..PARTS {
        total[part] += plus[part] - minus[part];
    }
}

fn print_model(learner: &Learner, documents: usize) {
    println!(
        "#! Weights of the sentence classifier, in hundredths: background, objective, methods, result, conclusion, other.\n\
         #! Recipe: cargo run --release --example train_sentence_roles -- train DATA\n\
         #! Data: {documents} open-access trial abstracts of evidence-inference (MIT; articles of the PMC open-access subset).\n\
         #! Measured on held-out fifths (the same command with `measure`): see sentence_roles.md."
    );
    for (name, weights) in learner.lines() {
        println!("{name}\t{}", weights.map(|weight| weight.to_string()).join("\t"));
    }
}

fn measure(documents: &[Document]) {
    let mut confusion = [[0_u32; PARTS]; PARTS];
    let (mut starts, mut found) = (0, 0);
    for fold in 0..FOLDS {
        let (held, rest): (Vec<&Document>, Vec<&Document>) =
            documents.iter().partition(|document| document.hash % FOLDS == fold);
        let model = train(&rest).model();
        for document in held {
            let parts = read_parts(&model, &document.text);
            for (span, part) in &parts {
                let truth = document.bounds.iter().find(|(section, _)| section.contains(&span.start));
                confusion[truth.map_or(Part::Other, |(_, part)| *part) as usize][*part as usize] += 1;
            }
            starts += document.bounds.len();
            found += document
                .bounds
                .iter()
                .filter(|(section, _)| parts.iter().any(|(span, _)| span.start == section.start))
                .count();
            let draft = draft_plain_by(&model, &document.title, &document.text).unwrap_or_default();
            let sentences: Vec<Value> = draft
                .sentences
                .iter()
                .map(|s| json!({"text": s.text, "role": s.role, "source": [s.source.0, s.source.1]}))
                .collect();
            println!("{}", json!({"id": document.id, "draft": draft.text(), "sentences": sentences}));
        }
        eprintln!("fold {fold}: {} trained, {} features", rest.len(), model.len());
    }
    let total: u32 = confusion.as_flattened().iter().sum();
    let asked = |a: usize| if a == Part::Background as usize { Part::Objective as usize } else { a };
    let right: u32 = (0..PARTS)
        .flat_map(|a| (0..PARTS).map(move |b| (a, b)))
        .filter(|(a, b)| asked(*a) == asked(*b))
        .map(|(a, b)| confusion[a][b])
        .sum();
    eprintln!("section starts that are sentence starts: {found} of {starts}");
    eprintln!(
        "sentences right {:.4} of {total} (background and objective as one); rows are the truth: {confusion:?}",
        f64::from(right) / f64::from(total)
    );
}

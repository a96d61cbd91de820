//! `perfuse relevance`: measure the ranking on labelled literature, and explain it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::app::Base;
use crate::curation::document::Document;
use crate::curation::relevance::{Decision, Features, Model, Verdict, features, prior};
use crate::curation::topics::{TopicRules, study_type, suggest_topics};
use crate::domain::article::{Article, Relevance};
use crate::domain::text::RichText;
use crate::worker::Learner;

/// Arguments of `relevance`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Score a labelled set as a desk would meet it: each batch before its labels are looked at, then learn from it
    Replay(Replay),
    /// Print why an article ranks where it does
    Explain {
        /// The article's number or public id
        article: String,
    },
}

/// Arguments of `relevance replay`.
#[derive(Debug, clap::Args)]
struct Replay {
    /// Records with id, title, abstract and labels, one JSON object a line, may be gzipped
    set: PathBuf,
    /// The order of arrival: {"<set's file name>": {"label": FIELD, "ids": [...]}}; without it, the file's order
    #[arg(long, value_name = "FILE")]
    order: Option<PathBuf>,
    /// The field that says whether a record was accepted; default is what the order file says, else "label"
    #[arg(long, value_name = "FIELD")]
    label: Option<String>,
    /// How many records are scored before their labels are looked at
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// A file that cannot be read, a line that is not a record, an id of the order that the set does not hold.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        match self.what {
            What::Replay(replay) => replay.run(&mut std::io::stdout().lock()),
            What::Explain { article } => explain(&article, global).await,
        }
    }
}

/// Finds the article, learns from all decisions as the worker does, and explains.
async fn explain(name: &str, global: &super::Global) -> anyhow::Result<()> {
    let (loaded, catalog) = global.load_configuration()?;
    let base = Base::open(loaded.settings, catalog).await?;
    let store = &base.store;
    let article = match name.parse::<i64>() {
        Ok(id) => store.article(id).await?,
        Err(_) => store.article_by_public_id(name).await?,
    };
    let article = article.with_context(|| format!("there is no article {name:?}"))?;
    let topics = store.source_topics(vec![article.id]).await?.remove(&article.id).unwrap_or_default();
    let rules = base.topic_rules()?;
    let model = Learner::new(rules.clone()).fit(store).await?;
    explain_article(&article, &topics, &rules, &model, &mut std::io::stdout().lock())?;
    Ok(())
}

/// One record of a labelled set.
#[derive(Debug, Deserialize)]
struct Record {
    id: Value,
    #[serde(default)]
    title: Option<String>,
    #[serde(default, rename = "abstract")]
    abstract_text: Option<String>,
    #[serde(default)]
    journal: Option<String>,
    #[serde(default)]
    publication_types: Vec<String>,
    #[serde(default)]
    mesh: Vec<String>,
    #[serde(flatten)]
    others: HashMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Order {
    #[serde(default)]
    label: Option<String>,
    ids: Vec<Value>,
}

/// A record made ready: what is known before its label is looked at, and the label.
struct Arrival {
    id: Value,
    features: Features,
    prior: f64,
    accepted: bool,
}

impl Replay {
    fn run(self, out: &mut impl Write) -> anyhow::Result<()> {
        let order = self.order.as_deref().map(|path| read_order(path, &self.set)).transpose()?;
        let label = self
            .label
            .or_else(|| order.as_ref().and_then(|order| order.label.clone()))
            .unwrap_or_else(|| "label".to_owned());
        let mut arrivals = read_set(&self.set, &label)?;
        if let Some(order) = order {
            arrivals = put_in_order(arrivals, &order.ids)?;
        }
        for (id, score) in replay(&arrivals, self.batch as usize) {
            writeln!(out, "{}", serde_json::json!({ "id": id, "score": score }))?;
        }
        Ok(())
    }
}

/// The scores in order of arrival; those of a batch know the labels of the batches before only, and no work of a later one.
fn replay(arrivals: &[Arrival], batch: usize) -> Vec<(&Value, f64)> {
    let mut scores = Vec::with_capacity(arrivals.len());
    let mut decisions: Vec<Decision> = Vec::with_capacity(arrivals.len());
    for (number, waiting) in arrivals.chunks(batch).enumerate() {
        let arrived = &arrivals[..number * batch + waiting.len()];
        let arrived: Vec<&Features> = arrived.iter().map(|arrival| &arrival.features).collect();
        let model = Model::fit(&decisions).with_arrivals(&arrived);
        scores.extend(
            waiting.iter().map(|arrival| (&arrival.id, model.score(&arrival.features, arrival.prior))),
        );
        decisions.extend(waiting.iter().map(|arrival| Decision {
            features: &arrival.features,
            prior: arrival.prior,
            verdict: if arrival.accepted { Verdict::Published } else { Verdict::Rejected(None) },
        }));
    }
    scores
}

fn read_order(path: &Path, set: &Path) -> anyhow::Result<Order> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut orders: HashMap<String, Order> = serde_json::from_reader(BufReader::new(file))
        .with_context(|| format!("{} is not an order of arrival", path.display()))?;
    let name = set.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.trim_end_matches(".gz").trim_end_matches(".jsonl");
    orders.remove(name).with_context(|| format!("{} knows no set {name:?}", path.display()))
}

fn read_set(path: &Path, label: &str) -> anyhow::Result<Vec<Arrival>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let file: Box<dyn Read> =
        if zipped { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let rules = TopicRules::default();
    let mut arrivals = Vec::new();
    for (at, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{}, line {}", path.display(), at + 1);
        let line = line.with_context(place)?;
        if !line.trim().is_empty() {
            let record: Record = serde_json::from_str(&line).with_context(place)?;
            arrivals.push(prepare(record, label, &rules).with_context(place)?);
        }
    }
    Ok(arrivals)
}

fn prepare(record: Record, label: &str, rules: &TopicRules) -> anyhow::Result<Arrival> {
    let accepted = match record.others.get(label) {
        Some(Value::Bool(accepted)) => *accepted,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number > 0.0),
        Some(other) => bail!("label {label:?} is {other}, not 0, 1, true or false"),
        None => bail!("there is no label {label:?}"),
    };
    let title = RichText::from_plain(record.title.as_deref().unwrap_or_default());
    let doc = Document {
        journal: record.journal.as_deref().unwrap_or_default(),
        publication_types: &record.publication_types,
        mesh: &record.mesh,
        ..Document::from_text(&title, record.abstract_text.as_deref().unwrap_or_default())
    };
    let (features, prior) = (features(&doc), prior(rules, &doc).score);
    Ok(Arrival { id: record.id, features, prior, accepted })
}

fn put_in_order(arrivals: Vec<Arrival>, ids: &[Value]) -> anyhow::Result<Vec<Arrival>> {
    let name = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let mut known: HashMap<String, Arrival> =
        arrivals.into_iter().map(|arrival| (name(&arrival.id), arrival)).collect();
    let ordered: Vec<Arrival> = ids
        .iter()
        .map(|id| {
            known
                .remove(&name(id))
                .with_context(|| format!("the set holds no record {id} (or the order names it twice)"))
        })
        .collect::<anyhow::Result<_>>()?;
    ensure!(!ordered.is_empty(), "the order names no records");
    Ok(ordered)
}

/// Prints why an article ranks where it does: score, reasons for and against, study type, and the topics with their
/// evidence. `topics` are the names of the topics that its sources are about; `model` was fitted on all decisions.
///
/// # Errors
/// When `out` takes no more.
pub fn explain_article(
    article: &Article,
    topics: &[String],
    rules: &TopicRules,
    model: &Model,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let doc = Document::from_article(article, topics);
    let prior = prior(rules, &doc);
    let Relevance { score, reasons } = model.rank(&features(&doc), &prior);
    let (decided, published) = model.lessons();
    writeln!(out, "{}", article.shown_title())?;
    writeln!(out, "score {score:.2}; learnt from {decided} decisions, {published} of them to publish")?;
    for reason in reasons {
        writeln!(out, "  {reason}")?;
    }
    writeln!(out, "study type: {}", study_type(&doc).label())?;
    for topic in suggest_topics(rules, &doc) {
        writeln!(out, "topic: {} ({})", rules.title_of(&topic.name), topic.evidence.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_is_missing_or_odd_is_named() {
        let record = |text: &str| serde_json::from_str::<Record>(text).unwrap();
        let rules = TopicRules::default();
        let error = |text| prepare(record(text), "label", &rules).err().unwrap().to_string();
        assert_eq!(error(r#"{"id":1,"title":"A"}"#), "there is no label \"label\"");
        assert!(error(r#"{"id":1,"label":"yes"}"#).contains("is \"yes\""));
        assert!(
            prepare(record(r#"{"id":"a","abstract":null,"label":1.0}"#), "label", &rules).unwrap().accepted
        );
    }

    #[test]
    fn a_batch_is_scored_before_its_labels_are_looked_at() {
        let arrivals = |flip: bool| -> Vec<Arrival> {
            (0..60)
                .map(|at| {
                    let title =
                        RichText::from_plain(if at % 3 == 0 { "ECPR in adults" } else { "Dental implants" });
                    let accepted = (at % 3 == 0) != (flip && at >= 40);
                    let features = features(&Document::from_text(&title, ""));
                    Arrival { id: Value::from(at), features, prior: 0.0, accepted }
                })
                .collect()
        };
        let (one, other) = (arrivals(false), arrivals(true));
        let scores = |arrivals: &[Arrival]| -> Vec<f64> {
            replay(arrivals, 20).into_iter().map(|(_, score)| score).collect()
        };
        assert_eq!(scores(&one), scores(&other), "the last batch's labels changed nothing that was printed");
        assert!(scores(&one)[42] > scores(&one)[43]);
    }
}

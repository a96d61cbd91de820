//! `perfuse watch`: what happened to published works, and how the looking goes.

use anyhow::{bail, ensure};
use clap::Subcommand;

use super::say;
use super::table::Table;
use crate::app::Base;
use crate::curation::watch::Snapshot;
use crate::domain::article::Article;
use crate::domain::identity::{Doi, Identifiers, Nct, Pmcid, Pmid};
use crate::domain::notice::{Notice, SummaryHolds};
use crate::domain::time::UnixMs;
use crate::domain::watch::WatchService;
use crate::store::{Store, Watched};
use crate::worker::WatchReport;

/// Looks that failed, shown by `watch status`.
const MAX_FAILED: i64 = 20;

/// Arguments of `watch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Look at everything that is due, or at the named articles whether due or not
    Run {
        /// PMID, DOI, PMCID, NCT number or the id of /a/ID
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Show what is watched where: checked, due, failed, and the notices found
    Status,
    /// Tie a trial to an article, so that what happens to the trial is told of the article
    Tie {
        /// PMID, DOI, PMCID, NCT number or the id of /a/ID
        #[arg(value_name = "ID")]
        id: String,
        /// The trial's number at ClinicalTrials.gov
        nct: String,
        /// Undo it; trials that the record itself names stay
        #[arg(long)]
        undo: bool,
    },
    /// Show what each service said of an article when, how that was read, and what came of it
    Explain {
        /// PMID, DOI, PMCID, NCT number or the id of /a/ID
        #[arg(value_name = "ID")]
        id: String,
    },
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// An article that there is not, a look that failed, or the database's.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        let base = Base::open(loaded.settings, catalog).await?;
        let result = match &self.act {
            Act::Run { ids } => run(&base, ids).await,
            Act::Status => show_status(&base.store).await,
            Act::Tie { id, nct, undo } => tie(&base.store, id, nct, !undo).await,
            Act::Explain { id } => explain(&base.store, id).await,
        };
        base.store.close().await;
        result
    }
}

async fn run(base: &Base, ids: &[String]) -> anyhow::Result<()> {
    let worker = base.worker()?;
    let mut articles = Vec::new();
    for id in ids {
        articles.push(find(&base.store, id).await?.id);
    }
    let reports = match articles.is_empty() {
        true => worker.watch_due().await?,
        false => worker.watch_articles(articles).await?,
    };
    if reports.is_empty() {
        say(format_args!("Nothing is due. Name an article to look at it anyway.\n"))?;
        return Ok(());
    }
    say(format_args!("{}", describe(&reports)))?;
    let failed: usize = reports.iter().map(|report| report.failed).sum();
    for report in &reports {
        for (why, count) in &report.reasons {
            super::complain(format_args!("{}: {count} failed: {why}", report.service.label()));
        }
        if report.stopped.is_some() {
            super::complain(format_args!("{} is left alone for a while", report.service.label()));
        }
    }
    ensure!(failed == 0, "{failed} looks failed; they are repeated by themselves, and none counts as clean");
    Ok(())
}

fn describe(reports: &[WatchReport]) -> String {
    let mut table =
        Table::new(&["service", "looked at", "requests", "failed", "new notices", "public", "lifted"]);
    for report in reports {
        table.add([
            report.service.label().to_owned(),
            report.looked.to_string(),
            report.requests.to_string(),
            report.failed.to_string(),
            report.noticed.fresh.len().to_string(),
            report.noticed.public.to_string(),
            report.noticed.lifted.to_string(),
        ]);
    }
    table.to_string()
}

async fn show_status(store: &Store) -> anyhow::Result<()> {
    let now = UnixMs::now();
    store.sync_watch(now).await?;
    let mut table =
        Table::new(&["service", "watched", "checked", "due", "failed", "oldest look", "newest look"]);
    let at = |at: Option<UnixMs>| at.map_or("never".to_owned(), UnixMs::to_rfc3339);
    for counts in store.watch_counts(now).await? {
        table.add([
            counts.service.label().to_owned(),
            counts.watched.to_string(),
            counts.checked.to_string(),
            counts.due.to_string(),
            counts.failed.to_string(),
            at(counts.oldest_checked_at),
            at(counts.newest_checked_at),
        ]);
    }
    say(format_args!("{table}"))?;
    let failed = store.failed_looks(MAX_FAILED).await?;
    if !failed.is_empty() {
        say(format_args!("\nLooks that failed last, and are repeated:\n"))?;
    }
    for (service, watched) in failed {
        say(format_args!(
            "  {} at {} ({} in a row, last answer {}): {}\n",
            name(&watched),
            service.label(),
            watched.failures,
            at(watched.checked_at),
            watched.error.unwrap_or_default()
        ))?;
    }
    let notices = store.notice_counts().await?;
    if notices.is_empty() {
        return say(format_args!("\nNo notices were found.\n"));
    }
    let mut table = Table::new(&["notice", "state", "count"]);
    for (kind, state, count) in notices {
        table.add([kind, state.as_str().to_owned(), count.to_string()]);
    }
    say(format_args!("\n{table}"))
}

async fn tie(store: &Store, id: &str, nct: &str, tie: bool) -> anyhow::Result<()> {
    let article = find(store, id).await?;
    let Some(nct) = Nct::parse(nct) else { bail!("{nct:?} is not a number like NCT01234567") };
    let changed = store.tie_trial(article.id, nct.clone(), None, tie, UnixMs::now()).await?;
    let said = match (tie, changed) {
        (true, true) => "is watched for it from now on",
        (true, false) => "was tied to it already",
        (false, true) => "is tied to it by hand no longer",
        (false, false) => "was not tied to it by hand",
    };
    say(format_args!("{}\n{nct} {said}.\n", article.title))
}

async fn explain(store: &Store, id: &str) -> anyhow::Result<()> {
    let article = find(store, id).await?;
    say(format_args!("{}\n/a/{} · {}\n", article.title, article.public_id, article.status.as_str()))?;
    let watched = store.watch_of(article.id).await?;
    if watched.is_empty() {
        say(format_args!(
            "It is not watched: only what is public or waits is, and only at services that know it.\n"
        ))?;
    }
    for (service, watched) in watched {
        explain_service(service, &watched)?;
    }
    let notices = store.notices_of(article.id).await?;
    for notice in &notices {
        explain_notice(notice)?;
    }
    if notices.is_empty() {
        say(format_args!("No notices.\n"))?;
    }
    Ok(())
}

fn explain_service(service: WatchService, watched: &Watched) -> anyhow::Result<()> {
    let said = match watched.checked_at {
        Some(at) => format!("last answer {}", at.to_rfc3339()),
        None => "no answer yet".to_owned(),
    };
    say(format_args!("\n{}: {said}; next look {}\n", service.label(), watched.next_at.to_rfc3339()))?;
    if let Some(error) = &watched.error {
        say(format_args!(
            "  failed {} times since, so it is not known what it says now: {error}\n",
            watched.failures
        ))?;
    }
    let snapshot = Snapshot::read(watched.snapshot.as_deref());
    for reason in &snapshot.reasons {
        say(format_args!("  {reason}\n"))?;
    }
    if watched.checked_at.is_some() && snapshot.said.is_empty() {
        let until = if watched.error.is_some() { ", up to its last answer" } else { "" };
        say(format_args!("  nothing happened to this work, as it says{until}\n"))?;
    }
    for (notice, looks) in &snapshot.missing {
        say(format_args!("  notice {notice} was not confirmed in the last {looks} complete looks\n"))?;
    }
    Ok(())
}

fn explain_notice(notice: &Notice) -> anyhow::Result<()> {
    let finding = &notice.finding;
    let mut sources = vec![finding.source.label()];
    sources.extend(finding.also.iter().map(|source| source.label()));
    say(format_args!(
        "\nNotice {}: {} ({}), {}; found {}\n",
        notice.id,
        finding.kind.label(),
        sources.join("; "),
        notice.state.as_str(),
        notice.found_at.to_rfc3339()
    ))?;
    for text in [&finding.citation, &finding.detail] {
        if !text.is_empty() {
            say(format_args!("  {text}\n"))?;
        }
    }
    for change in &finding.changes {
        say(format_args!("  {}: {:?} → {:?}\n", change.field, change.before, change.after))?;
    }
    if let Some((at, answer)) = notice.answered {
        let answer = match answer {
            SummaryHolds::Yes => "the summary holds",
            SummaryHolds::Rewritten => "the summary was rewritten",
            SummaryHolds::NotOurs => "it does not concern this article",
        };
        say(format_args!("  answered {}: {answer}\n", at.to_rfc3339()))?;
    }
    Ok(())
}

fn name(watched: &Watched) -> String {
    let ids = &watched.ids;
    let pmid = ids.pmid.map(|pmid| format!("PMID {pmid}"));
    pmid.or_else(|| ids.doi.as_ref().map(|doi| doi.to_string())).unwrap_or_else(|| watched.public_id.clone())
}

/// The article that an operator names.
async fn find(store: &Store, id: &str) -> anyhow::Result<Article> {
    if let Some(article) = store.article_by_public_id(id.trim().trim_start_matches("/a/")).await? {
        return Ok(article);
    }
    let mut ids = Identifiers { doi: Doi::parse(id), ..Identifiers::default() };
    if ids.doi.is_none() {
        ids = Identifiers { pmcid: Pmcid::parse(id), nct: Nct::parse(id), ..ids };
    }
    if ids.is_empty() {
        ids.pmid = Pmid::parse(id);
    }
    if let Some(found) = store.article_with(ids).await?
        && let Some(article) = store.article(found).await?
    {
        return Ok(article);
    }
    bail!("there is no article {id:?}; name its PMID, DOI, PMCID, NCT number or the id of its address /a/ID")
}

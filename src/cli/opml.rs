//! `perfuse source import-opml` and `export-opml`. Sources have one home, the operator's file: what an OPML list brings is
//! written as `[[source]]` entries, to be read by a person or, with `--append`, added to that file.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, bail};

use super::{complain, say};
use crate::config::{self, Catalog, Settings};
use crate::domain::source::{Source, SourceKind};
use crate::intake::opml::{self, Feed};
use crate::publish;

/// The largest list, in bytes.
const MAX_LIST: u64 = 8 * 1024 * 1024;
/// The longest name of a source, with room for a number.
const MAX_NAME: usize = 56;

/// What a list came to.
#[derive(Default)]
struct Import {
    toml: String,
    fresh: usize,
    notes: Vec<String>,
}

/// Prints the sources that a list adds, or appends them to the operator's file.
pub(super) fn import(
    settings: &Settings,
    catalog: &Catalog,
    file: &Path,
    append: bool,
) -> anyhow::Result<()> {
    let list = opml::parse(&read(file)?);
    let import = convert(&list.feeds, catalog);
    let mut notes: Vec<(usize, String)> = Vec::new();
    let line_of =
        |note: &str| note.strip_prefix("line ").and_then(|rest| rest.split(':').next()?.parse().ok());
    for problem in &list.problems {
        let note = format!("{}: {}", problem.place, problem.what);
        notes.push((line_of(&note).unwrap_or(0), note));
    }
    notes.extend(import.notes.iter().map(|note| (line_of(note).unwrap_or(0), note.clone())));
    notes.sort_by_key(|(line, _)| *line);
    for (_, note) in &notes {
        complain(format_args!("{}: {note}", file.display()));
    }
    if append && import.fresh > 0 {
        append_to_file(settings, &import.toml)?;
    } else if !append {
        say(format_args!("{}", import.toml))?;
    }
    let done = if append { "added" } else { "new" };
    complain(format_args!(
        "{}: {} feeds, {} {done}, {} notes",
        file.display(),
        list.feeds.len(),
        import.fresh,
        notes.len()
    ));
    if list.feeds.is_empty() && !list.problems.is_empty() {
        bail!("no feed could be read from {}", file.display());
    }
    Ok(())
}

/// Prints the feeds that are enabled; names the sources that have no place in OPML.
pub(super) fn export(settings: &Settings, catalog: &Catalog) -> anyhow::Result<()> {
    let (listed, left_out): (Vec<&Source>, Vec<&Source>) = catalog
        .sources
        .iter()
        .partition(|source| source.enabled && matches!(source.kind, SourceKind::Feed { .. }));
    let listed: Vec<Source> = listed.into_iter().cloned().collect();
    let document = publish::opml::render_sources(&settings.society.name, &listed);
    say(format_args!("{}", String::from_utf8_lossy(&document)))?;
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|source| source.name.as_str()).collect();
        complain(format_args!(
            "{} sources are left out, because they are no feeds or not enabled: {}",
            names.len(),
            names.join(", ")
        ));
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let named = || format!("cannot read {}", file.display());
    let reader: Box<dyn Read> = match file.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(file).with_context(named)?),
    };
    reader.take(MAX_LIST + 1).read_to_end(&mut bytes).with_context(named)?;
    if bytes.len() as u64 > MAX_LIST {
        bail!("{}: larger than {MAX_LIST} bytes", file.display());
    }
    Ok(bytes)
}

fn convert(feeds: &[Feed], catalog: &Catalog) -> Import {
    let mut import = Import::default();
    let mut names: Vec<String> = catalog.sources.iter().map(|source| source.name.clone()).collect();
    let mut seen: HashMap<String, String> = HashMap::new();
    for source in &catalog.sources {
        if let SourceKind::Feed { url } = &source.kind {
            seen.insert(url.clone(), format!("source {:?}", source.name));
        }
    }
    for feed in feeds {
        let (line, url) = (feed.line, web_address(&feed.url));
        if let Err(what) = config::check_feed_url(&url) {
            import.notes.push(format!("line {line}: xmlUrl: {:?} {what}", feed.url));
            continue;
        }
        if let Some(first) = seen.get(&url) {
            import.notes.push(format!("line {line}: {url} is {first} already"));
            continue;
        }
        seen.insert(url.clone(), format!("that of line {line}"));
        let host =
            url.split("//").nth(1).and_then(|rest| rest.split(['/', ':', '?']).next()).unwrap_or_default();
        let title = if feed.title.is_empty() { host } else { &feed.title };
        let name = free_name(title, host, &names);
        let topic = |folder: &String| {
            let named = |topic: &&crate::domain::source::Topic| {
                topic.name.eq_ignore_ascii_case(folder) || topic.title.eq_ignore_ascii_case(folder)
            };
            catalog.topics.iter().find(named).map(|topic| topic.name.clone())
        };
        let mut topics: Vec<String> = feed.folders.iter().filter_map(topic).collect();
        topics.dedup();
        let others: Vec<&str> =
            feed.folders.iter().filter(|folder| topic(folder).is_none()).map(String::as_str).collect();
        import.toml.push('\n');
        import.toml.push_str(&config::write_feed_source(&name, title, &url, &topics, &others.join(" / ")));
        names.push(name);
        import.fresh += 1;
    }
    import
}

/// Readers write `feed:https://…` and `feed://…` too.
fn web_address(url: &str) -> String {
    match url.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("http:{rest}"),
        Some(rest) => rest.to_owned(),
        None => url.to_owned(),
    }
}

/// A name for `sources.toml` that nobody has: from the title, else from the host.
fn free_name(title: &str, host: &str, taken: &[String]) -> String {
    let slug = |text: &str| {
        let mut slug = String::new();
        for character in text.to_lowercase().chars() {
            match character {
                'a'..='z' | '0'..='9' if slug.len() < MAX_NAME => slug.push(character),
                _ if !slug.is_empty() && !slug.ends_with('-') && slug.len() < MAX_NAME => slug.push('-'),
                _ => {}
            }
        }
        slug.trim_end_matches('-').to_owned()
    };
    let base = [slug(title), slug(host), "feed".to_owned()].into_iter().find(|slug| !slug.is_empty());
    let base = base.unwrap_or_default();
    let numbered = (2_u32..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(base)
}

/// Adds to the operator's file what is good together with all that is there.
fn append_to_file(settings: &Settings, toml: &str) -> anyhow::Result<()> {
    let Some(file) = &settings.sources.file else {
        bail!(
            "sources.file is not set, and nothing can be added to the built-in list: save what is printed without \
             --append, and name that file"
        );
    };
    let named = || format!("cannot add to {}", file.display());
    let before = std::fs::read_to_string(file).with_context(named)?;
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    // tried beside it first, so that a file that was good stays good
    let tried = file.with_extension("toml.new");
    std::fs::write(&tried, format!("{before}{gap}{toml}")).with_context(named)?;
    let mut settings = settings.clone();
    settings.sources.file = Some(tried.clone());
    let checked = Catalog::load(&settings);
    let _ = std::fs::remove_file(&tried);
    checked?;
    let mut out = std::fs::File::options().append(true).open(file).with_context(named)?;
    out.write_all(format!("{gap}{toml}").as_bytes()).with_context(named)?;
    out.sync_all().with_context(named)
}

//! One item, as both passes saw it → one entry.

use feed_rs::model;
use url::Url;

use crate::domain::entry::{AbstractSection, Author, Entry, Journal, WorkKind};
use crate::domain::identity::Identifiers;
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::{PartialDate, UnixMs};
use crate::intake::clean::{
    Block, Stamp, blocks, canonical_link, cap_plain, caps, find_ncts, identify, is_preprint_doi, read_date,
    read_issn, read_name, read_names, rich_text, sections,
};

use super::dialect::{self, Dialect};
use super::item::{Channel, Item};

/// What all items of a feed share.
pub(super) struct Context<'a> {
    pub(super) channel: &'a Channel,
    base: Option<Url>,
    now: UnixMs,
}

impl<'a> Context<'a> {
    pub(super) fn new(channel: &'a Channel, url: Option<&str>, now: UnixMs) -> Self {
        let feed = url.and_then(|url| Url::parse(url).ok());
        let stated = channel.base.as_deref().and_then(|base| match &feed {
            Some(feed) => feed.join(base).ok(),
            None => Url::parse(base).ok(),
        });
        // a feed read from a file knows at least its site
        let site = || Url::parse(channel.link.trim()).ok();
        Self { channel, base: stated.or(feed).or_else(site), now }
    }

    /// `now` at the latest: a date in the future would stay on top for ever.
    pub(super) fn clamp(&self, at: UnixMs) -> UnixMs {
        at.min(self.now)
    }
}

/// Builds the entry; with it, what was odd. The error says why there is none.
pub(super) fn entry(
    item: &Item,
    partner: Option<&model::Entry>,
    context: &Context<'_>,
) -> Result<(Entry, Vec<String>), String> {
    if item.guid.contains("://arxiv.org/api/errors#") {
        return Err(format!("the service reports an error: {}", fold_plain(&item.description, 200)));
    }
    let mut oddities = Vec::new();
    let dialect = Dialect::of(item, context.channel);
    let lines = Lines::read(item, partner, &mut oddities);
    let title = title(item, &lines, &mut oddities);
    if title.is_empty() {
        return Err("it has no title and no text".to_owned());
    }
    let link = link(item, partner, context);
    if link.is_none() && !item.link.trim().is_empty() {
        oddities.push(format!("its link is not usable: {}", fold_plain(&item.link, 120)));
    }
    let stamps = Stamps::read(item, partner);
    let mut entry = Entry {
        ids: identifiers(item, link.as_deref()),
        source_key: fold_plain(item.guid.trim(), caps::KEY),
        authors: authors(item, partner),
        journal: journal(item, context.channel, &title),
        published_on: stamps.published_on(dialect == Dialect::Pubmed),
        shown_at: stamps.shown_at().map(|at| context.clamp(at)),
        language: language(item, context.channel),
        keywords: keywords(item, partner),
        abstract_sections: lines.abstract_sections(&title),
        title,
        link,
        ..Entry::default()
    };
    dialect::apply(dialect, item, &lines, &mut entry);
    finish(item, context, &mut entry);
    Ok((entry, oddities))
}

/// What the whole entry decides.
fn finish(item: &Item, context: &Context<'_>, entry: &mut Entry) {
    if entry.source_key.is_empty() {
        let key = entry.link.as_deref().or(item.about.as_deref()).unwrap_or_default();
        entry.source_key = fold_plain(key, caps::KEY);
    }
    if entry.link.is_none() {
        let doi = entry.ids.doi.as_ref().map(|doi| doi.url());
        entry.link = entry.ids.pmid.map(|pmid| pmid.url()).or(doi);
    }
    let server = entry.journal.title.to_lowercase();
    let on_server = ["biorxiv", "medrxiv", "arxiv", "research square", "preprints.org", "ssrn"]
        .contains(&server.as_str());
    let on_arxiv = entry.link.as_deref().is_some_and(|link| link.contains("//arxiv.org/abs/"));
    if on_server || on_arxiv || entry.ids.doi.as_ref().is_some_and(is_preprint_doi) {
        entry.kind = WorkKind::Preprint;
    }
    let texts =
        std::iter::once(&entry.title).chain(entry.abstract_sections.iter().map(|section| &section.text));
    let mut trials = Vec::new();
    for nct in texts.flat_map(|text| find_ncts(text.as_html())) {
        if !trials.contains(&nct) {
            trials.push(nct);
        }
    }
    entry.trials = trials;
    // a cover date may lie ahead by an issue or two; anything beyond is a mistake
    let horizon = PartialDate::from_instant(context.now).map_or(3000, |today| today.year() + 2);
    if entry.published_on.as_ref().is_some_and(|date| date.year() > horizon) {
        entry.published_on = None;
    }
}

/// The lines of an item's two texts.
pub(super) struct Lines {
    pub(super) content: Vec<Block>,
    pub(super) description: Vec<Block>,
}

impl Lines {
    fn read(item: &Item, partner: Option<&model::Entry>, oddities: &mut Vec<String>) -> Self {
        let theirs = |text: Option<&str>, ours: &str| match text {
            Some(text) if ours.trim().is_empty() => text.to_owned(),
            _ => ours.to_owned(),
        };
        let content =
            theirs(partner.and_then(|entry| entry.content.as_ref()?.body.as_deref()), &item.content);
        let description = theirs(
            partner.and_then(|entry| Some(entry.summary.as_ref()?.content.as_str())),
            &item.description,
        );
        for (name, text) in [("content", &content), ("description", &description)] {
            if text.len() > caps::HTML {
                oddities.push(format!("its {name} of {} bytes was cut at {}", text.len(), caps::HTML));
            }
        }
        Self { content: blocks(&content), description: blocks(&description) }
    }

    /// The abstract: the longer of the two texts without what publishers put around it.
    fn abstract_sections(&self, title: &RichText) -> Vec<AbstractSection> {
        let read = |lines: &[Block]| {
            let lines: Vec<Block> =
                lines.iter().filter(|line| !dialect::is_boilerplate(&line.text, title)).cloned().collect();
            sections(&lines)
        };
        let length =
            |sections: &[AbstractSection]| -> usize { sections.iter().map(|s| s.text.as_html().len()).sum() };
        let (content, description) = (read(&self.content), read(&self.description));
        if length(&content) >= length(&description) { content } else { description }
    }
}

fn title(item: &Item, lines: &Lines, oddities: &mut Vec<String>) -> RichText {
    for text in [&item.title, &item.dc_title] {
        let title = rich_text(text, caps::TITLE);
        if !title.is_empty() {
            if text.len() > 4 * caps::TITLE || title.to_plain().len() >= caps::TITLE {
                oddities.push(format!("its title was cut at {} bytes", caps::TITLE));
            }
            return dialect::without_journal_prefix(title, &item.dc_title);
        }
    }
    // RSS 2.0 allows items without a title: their text begins as one would
    let text = lines.description.iter().chain(&lines.content).next().map(|line| line.text.to_plain());
    let text = text.unwrap_or_default();
    let short = cap_plain(&text, 160);
    if short.is_empty() {
        return RichText::default();
    }
    oddities.push("it has no title; its text stands in".to_owned());
    let whole = short.len() == text.len();
    let cut = if whole { short } else { short.rsplit_once(' ').map_or(short, |(head, _)| head) };
    RichText::from_plain(&if whole { cut.to_owned() } else { format!("{cut} …") })
}

fn link(item: &Item, partner: Option<&model::Entry>, context: &Context<'_>) -> Option<String> {
    let own_base = item.base.as_deref().and_then(|base| match &context.base {
        Some(feed) => feed.join(base).ok(),
        None => Url::parse(base).ok(),
    });
    let base = own_base.as_ref().or(context.base.as_ref());
    let atom = |html_only: bool| {
        item.links
            .iter()
            .filter(move |link| link.rel == "alternate" && (!html_only || link.media_type.contains("html")))
            .map(|link| link.href.as_str())
    };
    let theirs = partner
        .into_iter()
        .flat_map(|entry| &entry.links)
        .filter(|link| link.target.is_none() && link.rel.as_deref().is_none_or(|rel| rel == "alternate"));
    let permalink = item.guid_is_permalink.then_some(item.guid.as_str());
    std::iter::once(item.link.as_str())
        .chain(atom(true))
        .chain(atom(false))
        .chain(theirs.map(|link| link.href.as_str()))
        .chain(permalink.filter(|guid| guid.trim().starts_with("http")))
        .chain(item.about.as_deref())
        .filter(|text| !text.trim().is_empty())
        .find_map(|text| canonical_link(text, base))
}

fn identifiers(item: &Item, link: Option<&str>) -> Identifiers {
    let mut ids = Identifiers::default();
    let said = item.identifiers.iter().chain([&item.guid, &item.link]).map(String::as_str);
    let rest = item.about.as_deref().into_iter().chain(link).chain([item.dc_source.as_str()]);
    for text in said.chain(rest) {
        identify(text, &mut ids);
    }
    ids
}

/// The item's dates, each with where it stood.
struct Stamps {
    published: Option<Stamp>,
    dc: Option<Stamp>,
    prism: Option<Stamp>,
    cover: Option<Stamp>,
    updated: Option<Stamp>,
    theirs: Option<UnixMs>,
}

impl Stamps {
    fn read(item: &Item, partner: Option<&model::Entry>) -> Self {
        Self {
            published: read_date(&item.published),
            dc: read_date(&item.dc_date),
            prism: read_date(&item.prism_date),
            cover: read_date(&item.cover_date),
            updated: read_date(&item.updated),
            theirs: partner.and_then(|entry| entry.published.or(entry.updated)).map(UnixMs::from),
        }
    }

    /// `pubDate` before `dc:date`: one publisher's `dc:date` uses a 12-hour clock without saying so.
    fn shown_at(&self) -> Option<UnixMs> {
        [&self.published, &self.dc, &self.updated]
            .into_iter()
            .find_map(|stamp| stamp.as_ref()?.at)
            .or(self.theirs)
    }

    /// When the work appeared. PubMed's RSS dates say when the record was added and do not count.
    fn published_on(&self, is_pubmed: bool) -> Option<PartialDate> {
        if is_pubmed {
            return None;
        }
        [&self.prism, &self.dc, &self.cover, &self.published]
            .into_iter()
            .find_map(|stamp| Some(stamp.as_ref()?.on.clone()))
    }
}

fn authors(item: &Item, partner: Option<&model::Entry>) -> Vec<Author> {
    let mut authors: Vec<Author> = Vec::new();
    let mut push = |author: Author| {
        // some feeds name each author twice; long lists are not compared, that would be quadratic
        if authors.len() < caps::AUTHORS && (authors.len() > 500 || !authors.contains(&author)) {
            authors.push(author);
        }
    };
    match item.creators.as_slice() {
        [] => item.authors.iter().flat_map(|text| read_names(text)).for_each(&mut push),
        [one] => read_names(one).into_iter().for_each(&mut push),
        many => many.iter().filter_map(|name| read_name(name)).for_each(&mut push),
    }
    if authors.is_empty() {
        let people = partner.into_iter().flat_map(|entry| &entry.authors);
        authors = people.filter_map(|person| read_name(person.name.as_deref()?)).collect();
    }
    authors
}

fn journal(item: &Item, channel: &Channel, title: &RichText) -> Journal {
    let word = |text: &str| fold_plain(&rich_text(text, caps::WORD).to_plain(), caps::WORD);
    let plain_title = title.to_plain();
    // "Nature Catalysis, Published online: …; | doi:…"
    let source = word(item.dc_source.split(", Published online").next().unwrap_or_default());
    let source = if source.contains("://") || source.contains("10.") { String::new() } else { source };
    let named = word(&item.publication_name);
    // one platform writes the article's title into prism:publicationName
    let named = if named == plain_title { String::new() } else { named };
    let names = [named, source, word(&channel.publication_name), dialect::journal_in(&word(&channel.title))];
    let pages = match (item.pages.trim(), item.first_page.trim(), item.last_page.trim()) {
        ("", "", _) => String::new(),
        ("", first, "") => first.to_owned(),
        ("", first, last) if first == last => first.to_owned(),
        ("", first, last) => format!("{first}-{last}"),
        (pages, _, _) => pages.to_owned(),
    };
    Journal {
        title: names.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
        issn: item.issns.iter().chain(&channel.issns).find_map(|issn| read_issn(issn)).unwrap_or_default(),
        volume: word(&item.volume),
        issue: word(&item.number),
        pages: word(&pages),
        ..Journal::default()
    }
}

fn language(item: &Item, channel: &Channel) -> Option<String> {
    let said = if item.language.trim().is_empty() { &channel.language } else { &item.language };
    let code = said.trim().split(['-', '_']).next().unwrap_or_default().to_lowercase();
    ((2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(code)
}

fn keywords(item: &Item, partner: Option<&model::Entry>) -> Vec<String> {
    let theirs =
        partner.into_iter().flat_map(|entry| &entry.categories).map(|category| category.term.as_str());
    let mut keywords: Vec<String> = Vec::new();
    for text in item.categories.iter().map(String::as_str).chain(theirs) {
        let keyword = fold_plain(&rich_text(text, caps::WORD).to_plain(), caps::WORD);
        if !keyword.is_empty() && keywords.len() < caps::WORDS && !keywords.contains(&keyword) {
            keywords.push(keyword);
        }
    }
    keywords
}

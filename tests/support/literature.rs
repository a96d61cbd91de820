//! The literature on loopback: a server that speaks E-utilities and serves feeds with validators.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Literature {
    pub(crate) address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Default)]
struct Shelf {
    records: BTreeMap<u32, String>,
    /// Entry dates, `2026/11/20`; records without one are found on every day.
    dates: BTreeMap<u32, String>,
    /// Records that a search counts and efetch does not give.
    withheld: BTreeSet<u32>,
    feeds: BTreeMap<String, (String, String)>,
    requests: Vec<String>,
    pings: Vec<String>,
    moved: BTreeMap<String, String>,
    hub_hangs: bool,
    not_modified: usize,
    refuses: bool,
    services: BTreeMap<String, Arc<Serve>>,
}

/// A service of another kind: the parameters of a request → its answer.
type Serve = dyn Fn(&BTreeMap<String, String>) -> Response + Send + Sync;

/// A record in PubMed's XML, made up.
pub(crate) fn record(pmid: u32, doi: &str, title: &str, abstract_xml: &str) -> String {
    format!(
        r#"<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{pmid}</PMID>
<Article PubModel="Print"><Journal><ISSN IssnType="Electronic">1477-111X</ISSN><JournalIssue CitedMedium="Internet">
<Volume>41</Volume><Issue>8</Issue><PubDate><Year>2026</Year><Month>Nov</Month></PubDate></JournalIssue>
<Title>Perfusion</Title><ISOAbbreviation>Perfusion</ISOAbbreviation></Journal><ArticleTitle>{title}</ArticleTitle>
<Pagination><MedlinePgn>101-9</MedlinePgn></Pagination><ELocationID EIdType="doi" ValidYN="Y">{doi}</ELocationID>
<Abstract>{abstract_xml}</Abstract><AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Fixture</LastName>
<ForeName>First</ForeName><Initials>F</Initials></Author><Author ValidYN="Y"><CollectiveName>The Made-up Study Group
</CollectiveName></Author></AuthorList><Language>eng</Language><PublicationTypeList>
<PublicationType UI="D016449">Randomized Controlled Trial</PublicationType></PublicationTypeList></Article>
<MeshHeadingList><MeshHeading><DescriptorName UI="D015199" MajorTopicYN="Y">Extracorporeal Membrane Oxygenation
</DescriptorName></MeshHeading></MeshHeadingList></MedlineCitation><PubmedData><History>
<PubMedPubDate PubStatus="entrez"><Year>2026</Year><Month>11</Month><Day>20</Day><Hour>6</Hour><Minute>0</Minute>
</PubMedPubDate></History><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>
<ArticleId IdType="doi">{doi}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"#
    )
}

/// A structured abstract of a made-up trial.
pub(crate) fn structured_abstract(survivors: u32) -> String {
    format!(
        r#"<AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">Cardiac arrest is common.</AbstractText>
<AbstractText Label="OBJECTIVE" NlmCategory="OBJECTIVE">To compare ECPR with conventional resuscitation.</AbstractText>
<AbstractText Label="RESULTS" NlmCategory="RESULTS">Of 120 patients, {survivors} (35%) survived; lactate was
&lt;2 mmol/L and platelets 150 × 10<sup>9</sup>/L.</AbstractText>
<AbstractText Label="CONCLUSIONS" NlmCategory="CONCLUSIONS">ECPR increased survival in this made-up trial.</AbstractText>"#
    )
}

/// A feed in PubMed's RSS form that only hints at the records.
pub(crate) fn pubmed_rss(pmids: &[u32]) -> String {
    let mut items = String::new();
    for pmid in pmids {
        let _ = write!(
            items,
            r#"<item><title>Hint at record {pmid}</title>
<link>https://pubmed.ncbi.nlm.nih.gov/{pmid}/?utm_source=Other&amp;utm_medium=rss&amp;fc=20261120</link>
<description>CONCLUSIONS: only a part.</description><guid isPermaLink="false">pubmed:{pmid}</guid>
<pubDate>Fri, 20 Nov 2026 06:00:00 -0500</pubDate><dc:identifier>pmid:{pmid}</dc:identifier>
<dc:source>Perfusion</dc:source></item>"#
        );
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>made-up[tiab]</title>
<link>https://pubmed.ncbi.nlm.nih.gov/rss-feed/?feed_id=x</link><description>Latest results</description>
<ttl>120</ttl>{items}</channel></rss>"#
    )
}

/// A publisher's feed: `(doi, title)` an item.
pub(crate) fn journal_rss(items: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (doi, title) in items {
        let _ = write!(
            body,
            "<item><title>{title}</title><link>https://journal.example.org/doi/{doi}?af=R</link>\
             <guid isPermaLink=\"false\">{doi}</guid><prism:doi>{doi}</prism:doi>\
             <pubDate>Thu, 19 Nov 2026 10:00:00 +0000</pubDate></item>"
        );
    }
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" \
         xmlns:prism=\"http://prismstandard.org/namespaces/basic/2.0/\"><channel><title>A made-up journal</title>\
         <link>https://journal.example.org/</link><description>x</description>{body}</channel></rss>"
    )
}

impl Literature {
    pub(crate) async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let literature = Self { address: listener.local_addr().unwrap(), shelf: Arc::default() };
        let router = Router::new().fallback(answer).with_state(literature.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        literature
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Puts a record where a search finds it.
    pub(crate) fn add_record(&self, pmid: u32, xml: String) {
        self.shelf().records.insert(pmid, xml);
    }

    /// Takes a record away.
    pub(crate) fn remove_record(&self, pmid: u32) {
        self.shelf().records.remove(&pmid);
    }

    /// Answers the question for `pmid` with whatever this is.
    pub(crate) fn answer_with(&self, pmid: u32, xml: String) {
        self.add_record(pmid, xml);
    }

    /// Puts a record where only searches over its entry date find it (`2026/11/20`).
    pub(crate) fn add_dated_record(&self, pmid: u32, date: &str, xml: String) {
        let mut shelf = self.shelf();
        shelf.records.insert(pmid, xml);
        shelf.dates.insert(pmid, date.to_owned());
    }

    /// From now on this record is counted and, or not, given.
    pub(crate) fn withhold(&self, pmid: u32, withhold: bool) {
        let withheld = &mut self.shelf().withheld;
        if withhold {
            withheld.insert(pmid)
        } else {
            withheld.remove(&pmid)
        };
    }

    /// Serves `body` at `path`, with an ETag that follows its content.
    pub(crate) fn set_feed(&self, path: &str, content_type: &str, body: String) {
        self.shelf().feeds.insert(path.to_owned(), (content_type.to_owned(), body));
    }

    /// Lets `serve` answer at `path` from now on.
    pub(crate) fn set_service(
        &self,
        path: &str,
        serve: impl Fn(&BTreeMap<String, String>) -> Response + Send + Sync + 'static,
    ) {
        self.shelf().services.insert(path.to_owned(), Arc::new(serve));
    }

    pub(crate) fn has_service(&self, path: &str) -> bool {
        self.shelf().services.contains_key(path)
    }

    /// From now on E-utilities answer like an overloaded NCBI: status 200, an error in JSON.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.shelf().refuses = refuses;
    }

    /// Paths asked for so far, with their queries.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shelf().requests.clone()
    }

    /// From now on `from` answers 301 to `to`.
    pub(crate) fn move_feed(&self, from: &str, to: &str) {
        self.shelf().moved.insert(from.to_owned(), to.to_owned());
    }

    /// From now on the WebSub hub takes what it is told and never answers.
    pub(crate) fn hang_hub(&self) {
        self.shelf().hub_hangs = true;
    }

    /// Whether the hub shall hang.
    fn tell_hub(&self, body: &[u8]) -> bool {
        let mut shelf = self.shelf();
        shelf.pings.push(String::from_utf8_lossy(body).into_owned());
        shelf.hub_hangs
    }

    /// What the WebSub hub was told so far, as forms.
    pub(crate) fn pings(&self) -> Vec<String> {
        self.shelf().pings.clone()
    }

    pub(crate) fn not_modified(&self) -> usize {
        self.shelf().not_modified
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }
}

async fn answer(
    State(literature): State<Literature>,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uri.path() == "/hub" {
        if literature.tell_hub(&body) {
            std::future::pending::<()>().await;
        }
        return StatusCode::ACCEPTED.into_response();
    }
    let mut shelf = literature.shelf();
    let mut form = query.unwrap_or_default();
    form.push('&');
    form.push_str(&String::from_utf8_lossy(&body));
    shelf.requests.push(format!("{}?{form}", uri.path()));
    let form: BTreeMap<String, String> =
        url::form_urlencoded::parse(form.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    let xml = |body: String| ([(header::CONTENT_TYPE, "text/xml; charset=UTF-8")], body).into_response();
    match uri.path() {
        path if path.starts_with("/eutils/") && shelf.refuses => {
            r#"{"error":"API rate limit exceeded","count":"11"}"#.into_response()
        }
        "/eutils/esearch.fcgi" => xml(search(&shelf, &form)),
        "/eutils/efetch.fcgi" => xml(fetch(&shelf, &form)),
        // the nearest folder above answers for what is below it
        path if let Some((_, serve)) = shelf.services.iter().find(|(above, _)| is_below(path, above)) => {
            let mut form = form;
            form.insert("path".to_owned(), path.to_owned());
            serve.clone()(&form)
        }
        path => match shelf.feeds.get(path).cloned() {
            Some((content_type, body)) => {
                let etag =
                    format!("\"{:x}\"", body.len() * 31 + body.bytes().map(usize::from).sum::<usize>());
                if headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
                    shelf.not_modified += 1;
                    return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
                }
                ([(header::CONTENT_TYPE, content_type), (header::ETAG, etag)], body).into_response()
            }
            None => match shelf.moved.get(path) {
                Some(to) => (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to.clone())]).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
        },
    }
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || above.ends_with('/'))
}

/// Most ids that PubMed gives of one search, and records that can be fetched of it.
const CAP: usize = 9_999;

/// The records of a window, newest first, as PubMed sorts them.
fn found(shelf: &Shelf, from: &str, to: &str) -> Vec<u32> {
    let is_in = |pmid: &u32| {
        shelf.dates.get(pmid).is_none_or(|date| from.is_empty() || (from..=to).contains(&date.as_str()))
    };
    shelf.records.keys().rev().copied().filter(is_in).collect()
}

fn search(shelf: &Shelf, form: &BTreeMap<String, String>) -> String {
    let word = |key: &str| form.get(key).map_or("", String::as_str);
    let (from, to) = (word("mindate"), word("maxdate"));
    // every search finds everything, but one by DOI
    let doi = form.get("term").and_then(|term| term.strip_suffix("\"[doi]")?.strip_prefix('"'));
    let mut found = found(shelf, from, to);
    found.retain(|pmid| doi.is_none_or(|doi| shelf.records[pmid].contains(doi)));
    let most = word("retmax").parse().unwrap_or(20).min(CAP);
    let ids: String = found.iter().take(most).map(|pmid| format!("<Id>{pmid}</Id>")).collect();
    let count = found.len();
    // what efetch needs to know of the search stands in its name
    format!(
        "<?xml version=\"1.0\"?><eSearchResult><Count>{count}</Count><RetMax>{most}</RetMax><RetStart>0</RetStart>\
         <QueryKey>1</QueryKey><WebEnv>MCID_made_up_{from}_{to}</WebEnv><IdList>{ids}</IdList></eSearchResult>"
    )
}

fn fetch(shelf: &Shelf, form: &BTreeMap<String, String>) -> String {
    let wanted: Vec<u32> = match form.get("id") {
        Some(ids) => ids.split(',').filter_map(|id| id.parse().ok()).collect(),
        None => {
            let number = |key: &str, default| form.get(key).and_then(|n| n.parse().ok()).unwrap_or(default);
            let (start, max) = (number("retstart", 0), number("retmax", 20));
            let mut days = form.get("WebEnv").map_or("", String::as_str).rsplit('_');
            let (to, from) = (days.next().unwrap_or(""), days.next().unwrap_or(""));
            let from = if from.contains('/') { from } else { "" };
            found(shelf, from, to).into_iter().take(CAP).skip(start).take(max).collect()
        }
    };
    let given = wanted.iter().filter(|pmid| !shelf.withheld.contains(pmid));
    let records: String = given.filter_map(|pmid| shelf.records.get(pmid).cloned()).collect();
    format!("<?xml version=\"1.0\" ?><PubmedArticleSet>{records}</PubmedArticleSet>")
}

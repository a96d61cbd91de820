//! A real server on a real file, with a clock that tests move, and people with browsers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use perfuse::config::Settings;
use perfuse::domain::article::{Article, Relevance};
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{AbstractSection, Entry};
use perfuse::domain::identity::{Identifiers, Pmid};
use perfuse::domain::news::Site;
use perfuse::domain::text::RichText;
use perfuse::domain::time::{DAY_MS, UnixMs};
use perfuse::store::{Judged, Judgement, LinkPurpose, Mark, NewsQuery, QueueFilter, Store};
use perfuse::web::token::Token;
use perfuse::web::{self, AppState, Clock, server};
use tokio::sync::{Notify, watch};

pub(crate) const PASSWORD: &str = "seven green bicycles in May";

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) bell: Arc<Notify>,
    clock: Arc<AtomicI64>,
    stop: watch::Sender<bool>,
    next_pmid: AtomicI64,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with_settings(&[]).await
    }

    /// `settings` as environment variables.
    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("perfuse.db")).await.unwrap();
        let env = settings.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let settings = Settings::load(None, env).unwrap().settings;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site {
            title: "Society of Tests".into(),
            description: String::new(),
            public_url: settings.server.public_url_at(address),
            language: "en".into(),
            contact: "desk@example.org".into(),
            accent: "#0b6e6e".into(),
            topics: vec![("ecpr".into(), "ECPR".into()), ("cpb".into(), "Bypass".into())],
        };
        let clock = Arc::new(AtomicI64::new(UnixMs::now().0));
        let read = clock.clone();
        let bell = Arc::new(Notify::new());
        let state = AppState::new(
            store.clone(),
            Arc::new(settings),
            Arc::new(site),
            Clock::new(move || UnixMs(read.load(Ordering::SeqCst))),
            bell.clone(),
        )
        .unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(server::serve(listener, web::router(state), stopped));
        let url = format!("http://{address}");
        Self { store, url, address, bell, clock, stop, next_pmid: AtomicI64::new(1), _folder: folder }
    }

    pub(crate) fn now(&self) -> UnixMs {
        UnixMs(self.clock.load(Ordering::SeqCst))
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// A new article that waits; later ones rank lower.
    pub(crate) async fn article(&self, title: &str) -> Article {
        let number = self.next_pmid.fetch_add(1, Ordering::SeqCst);
        let text = "It was unclear. Mortality fell from 40% to 31%.";
        let entry = Entry {
            ids: Identifiers { pmid: Some(Pmid(number as u32)), ..Identifiers::default() },
            title: RichText::parse(title),
            abstract_sections: vec![AbstractSection {
                text: RichText::from_plain(text),
                ..Default::default()
            }],
            complete: true,
            ..Entry::default()
        };
        let relevance =
            Relevance { score: 1000.0 - number as f64, reasons: vec!["ECPR in the title".into()] };
        let judged = Judged {
            mark: Mark::of(&entry),
            entry,
            judgement: Judgement { relevance, ..Judgement::default() },
        };
        let source = self.store.import_source(self.now()).await.unwrap();
        self.store.record_entries(source, vec![judged], self.now()).await.unwrap();
        let words = Some(perfuse::domain::identity::Pmid(number as u32));
        let (waiting, _) = self.store.queue(QueueFilter::default(), 0, 1000).await.unwrap();
        waiting.into_iter().find(|article| article.ids.pmid == words).unwrap()
    }

    /// A made-up trial that waits, with a structured abstract, a draft, topics and reasons; later ones rank lower.
    pub(crate) async fn trial(&self, title: &str) -> Article {
        let number = self.next_pmid.fetch_add(1, Ordering::SeqCst);
        let section = |label: &str, text: &str| AbstractSection {
            label: Some(label.into()),
            category: Some(label.into()),
            text: RichText::parse(text),
        };
        let entry = Entry {
            ids: Identifiers { pmid: Some(Pmid(number as u32)), ..Identifiers::default() },
            title: RichText::parse(title),
            abstract_sections: vec![
                section("BACKGROUND", "Whether ECPR helps in refractory cardiac arrest was unclear."),
                section(
                    "METHODS",
                    "We enrolled 240 patients in a made-up randomised trial at CO<sub>2</sub> of 40 mmHg.",
                ),
                section(
                    "RESULTS",
                    "Mortality fell from 40% to 31% (p = 0.04); haemolysis occurred in 12 patients.",
                ),
                section("CONCLUSIONS", "ECPR reduced mortality in this made-up trial."),
            ],
            publication_types: vec!["Randomized Controlled Trial".into()],
            complete: true,
            ..Entry::default()
        };
        let relevance = Relevance {
            score: 1000.0 - number as f64,
            reasons: vec!["ECPR in the title".into(), "randomised trial".into()],
        };
        let judgement = Judgement {
            relevance,
            topics: vec!["ecpr".into()],
            draft: perfuse::curation::draft::draft(&entry.title, &entry.abstract_sections),
            study: "rct".into(),
        };
        let pmid = entry.ids.pmid;
        let judged = Judged { mark: Mark::of(&entry), entry, judgement };
        let source = self.store.import_source(self.now()).await.unwrap();
        self.store.record_entries(source, vec![judged], self.now()).await.unwrap();
        let (waiting, _) = self.store.queue(QueueFilter::default(), 0, 1000).await.unwrap();
        waiting.into_iter().find(|article| article.ids.pmid == pmid).unwrap()
    }

    pub(crate) async fn titles_in_public(&self) -> Vec<String> {
        let news = self.store.news_list(NewsQuery::default(), self.now(), 100).await.unwrap();
        news.iter().map(|item| item.title.to_plain()).collect()
    }

    /// A one-time link for a new or known account.
    pub(crate) async fn link_for(&self, email: &str, role: Role) -> String {
        let known = self.store.editor_by_email(email).await.unwrap();
        let editor = match known {
            Some(editor) => editor,
            None => self.store.add_editor(email, role, None, self.now()).await.unwrap(),
        };
        let token = Token::generate().unwrap();
        let until = self.now().plus_ms(DAY_MS);
        self.store.add_link(editor.id, token.hash(), LinkPurpose::Invite, until, self.now()).await.unwrap();
        format!("/desk/link/{}", token.to_text())
    }

    pub(crate) fn browser(&self) -> Browser {
        // the tests speak plain http to loopback; the client wants a provider all the same
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Browser { url: self.url.clone(), client, cookie: None, csrf: String::new() }
    }

    /// Somebody signed in with a password of their own.
    pub(crate) async fn person(&self, email: &str, role: Role) -> Browser {
        let link = self.link_for(email, role).await;
        let mut browser = self.browser();
        browser.get(&link).await;
        let done = browser.post(&link, &[("password", PASSWORD)]).await;
        assert_eq!(done.status, 303, "{}", done.body);
        browser.get("/desk").await;
        browser
    }
}

/// A browser as far as the desk can tell: cookies, our own origin, the token of the last page.
#[derive(Clone)]
pub(crate) struct Browser {
    url: String,
    pub(crate) client: reqwest::Client,
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map_or("", |location| location.to_str().unwrap())
    }

    /// The text of everything that matches a selector, white space folded.
    pub(crate) fn text(&self, selector: &str) -> String {
        let page = scraper::Html::parse_document(&self.body);
        let selector = scraper::Selector::parse(selector).unwrap();
        let texts: Vec<String> = page.select(&selector).map(|found| found.text().collect()).collect();
        texts.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The values of an attribute of everything that matches.
    pub(crate) fn values(&self, selector: &str, attribute: &str) -> Vec<String> {
        let page = scraper::Html::parse_document(&self.body);
        let selector = scraper::Selector::parse(selector).unwrap();
        let found = page.select(&selector).filter_map(|found| found.value().attr(attribute));
        found.map(String::from).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    /// Sends a request as it is, with the cookie if there is one.
    pub(crate) async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let request = match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let headers = answer.headers().clone();
        if let Some(set) = headers.get("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        let status = answer.status().as_u16();
        let page = Page { status, headers, body: answer.text().await.unwrap() };
        if let Some(csrf) = page.values("input[name=csrf]", "value").into_iter().next() {
            self.csrf = csrf;
        }
        page
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.url));
        self.send(request).await
    }

    /// Posts a form from our own page, with the token of the last page seen.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut fields = fields.to_vec();
        let csrf = self.csrf.clone();
        fields.push(("csrf", &csrf));
        let request =
            self.client.post(format!("{}{path}", self.url)).header("origin", &self.url).form(&fields);
        self.send(request).await
    }

    /// Posts and follows the redirect.
    pub(crate) async fn post_and_follow(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let location = answer.location().to_owned();
        self.get(&location).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        self.get("/desk/sign-in").await;
        self.csrf.clear();
        self.post("/desk/sign-in", &[("email", email), ("password", password)]).await
    }

    /// Approves, rejects … an article as its form stands, with the fields given instead.
    pub(crate) async fn decide(&mut self, article: &Article, act: &str, fields: &[(&str, &str)]) -> Page {
        let revision = article.revision.to_string();
        let mut all = vec![("revision", revision.as_str())];
        all.extend_from_slice(fields);
        self.post(&format!("/desk/a/{}/{act}", article.id), &all).await
    }
}

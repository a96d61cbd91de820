//! Every route the router knows against every kind of visitor, from a table that people can read (`access.csv`).
//!
//! A route without a line in the table, or a line without a route, fails. The attack columns are asked by somebody
//! who would otherwise be let in, with a right token where the column is not about the token.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use perfuse::domain::editor::{Editor, Role};
use perfuse::domain::notice::{Finding, NoticeKind, NoticeSource};
use perfuse::domain::source::{Source, SourceKind};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{DAY_MS, MINUTE_MS};
use perfuse::store::{DecisionRequest, LinkPurpose, Wish};
use perfuse::web::token::Token;
use perfuse::web::{Access, Route, Verb, csrf, routes};

use crate::desk::world::{PASSWORD, World};

const TABLE: &str = include_str!("access.csv");
const EVIL: &str = "https://evil.example";

/// A visitor with what their browser holds.
#[derive(Clone)]
struct Visitor {
    editor: Option<Editor>,
    token: Option<Token>,
}

struct Street {
    world: World,
    /// Of [`PASSWORD`]: hashing it for each visitor would take minutes.
    hash: String,
    public_id: String,
    notice_id: String,
    count: Cell<u32>,
    /// For routes that change nothing, by column and route.
    visitors: RefCell<HashMap<String, Visitor>>,
    examples: RefCell<HashMap<&'static str, String>>,
}

impl Street {
    async fn build() -> Self {
        let world = World::start().await;
        let hash = perfuse::web::password::Passwords::new().unwrap().hash(PASSWORD.into()).await.unwrap();
        let source = Source {
            name: "journal".into(),
            title: "A journal".into(),
            kind: SourceKind::Feed { url: "https://example.org/feed".into() },
            schedule: None,
            topics: vec![],
            enabled: true,
        };
        world.store.sync_sources(vec![source], world.now()).await.unwrap();
        let mut street = Self {
            world,
            hash,
            public_id: String::new(),
            notice_id: String::new(),
            count: Cell::new(0),
            visitors: RefCell::default(),
            examples: RefCell::default(),
        };
        let article = street.world.article("Published").await;
        let editor = street.account(Role::Editor).await;
        let wish = Wish::Approve {
            title: RichText::from_plain("Published"),
            summary: "It was found.".into(),
            topics: vec!["ecpr".into()],
            publish_at: None,
        };
        street.decide(article.id, editor.id, wish).await;
        street.public_id = article.public_id;
        let finding = Finding::new(NoticeKind::Retraction, NoticeSource::Pubmed);
        let (store, now) = (&street.world.store, street.world.now());
        store.record_findings(article.id, vec![finding], false, now).await.unwrap();
        street.notice_id = store.notices_of(article.id).await.unwrap()[0].public_id.clone();
        street.world.wait(MINUTE_MS);
        street
    }

    async fn decide(&self, article_id: i64, editor_id: i64, wish: Wish) -> i64 {
        let revision = self.world.store.article(article_id).await.unwrap().unwrap().revision;
        let request = DecisionRequest { article_id, revision, editor_id, wish };
        self.world.store.decide(request, self.world.now()).await.unwrap().decision_id
    }

    async fn account(&self, role: Role) -> Editor {
        self.count.set(self.count.get() + 1);
        let email = format!("p{}@example.org", self.count.get());
        let (store, now) = (&self.world.store, self.world.now());
        let editor = store.add_editor(&email, role, None, now).await.unwrap();
        store.set_password(editor.id, self.hash.clone(), None, now).await.unwrap();
        editor
    }

    async fn visitor(&self, role: Role, began_days_ago: i64) -> Visitor {
        let editor = self.account(role).await;
        let token = Token::generate().unwrap();
        let began = self.world.now().plus_ms(-began_days_ago * DAY_MS);
        self.world.store.begin_session(editor.id, token.hash(), "test", began).await.unwrap();
        Visitor { editor: Some(editor), token: Some(token) }
    }

    /// Who asks in a column, for a route of this access level.
    async fn who(&self, column: &str, access: Access) -> Visitor {
        let least = match access {
            Access::AtLeast(role) => Some(role),
            Access::Public | Access::Anyone => None,
        };
        let editor = least.unwrap_or(Role::Editor).max(Role::Editor);
        match column {
            "anonymous" => Visitor { editor: None, token: None },
            "viewer" => self.visitor(Role::Viewer, 0).await,
            "editor" => self.visitor(Role::Editor, 0).await,
            "admin" => self.visitor(Role::Admin, 0).await,
            "expired_session" => self.visitor(editor, 400).await,
            "logged_out_session" => {
                let visitor = self.visitor(editor, 0).await;
                let id = visitor.editor.as_ref().unwrap().id;
                let session = self.world.store.sessions(id).await.unwrap()[0].id;
                self.world.store.end_session(id, session).await.unwrap();
                visitor
            }
            "disabled_user_session" => {
                let visitor = self.visitor(editor, 0).await;
                let email = &visitor.editor.as_ref().unwrap().email;
                self.world.store.set_disabled(email, true, None, self.world.now()).await.unwrap();
                visitor
            }
            column if column.starts_with("editor_") => self.visitor(editor, 0).await,
            _ => match least {
                Some(role) => self.visitor(role, 0).await,
                None => Visitor { editor: None, token: None },
            },
        }
    }

    /// An address of the route that exists, made fresh, and the form it expects.
    async fn example(&self, path: &str, visitor: &Visitor) -> (String, Vec<(&'static str, String)>) {
        let mut form: Vec<(&'static str, String)> = Vec::new();
        let month = self.world.now().to_utc().format("%Y/%m").to_string();
        let address = match path {
            "/a/{id}" => format!("/a/{}", self.public_id),
            "/notices/{id}" => format!("/notices/{}", self.notice_id),
            "/api/v1/news/{id}" => format!("/api/v1/news/{}", self.public_id),
            "/t/{topic}" => "/t/ecpr".into(),
            "/archive/{year}/{month}" => format!("/archive/{month}"),
            "/feeds/{file}" => "/feeds/news.rss".into(),
            "/feeds/t/{file}" => "/feeds/t/ecpr.atom".into(),
            "/embed/{file}" => "/embed/v1.js".into(),
            "/embed/v1/{file}" => "/embed/v1/news.json".into(),
            "/export" => "/export?format=ris".into(),
            "/oembed" => format!("/oembed?url={}/", self.world.url),
            "/assets/{file}" => {
                let home = self.world.browser().get("/").await;
                home.values("link[rel=stylesheet]", "href").remove(0)
            }
            "/desk/static/{file}" => "/desk/static/desk.js".into(),
            path if path.starts_with("/desk/a/{id}") => {
                let article = self.world.article("Waiting").await;
                let mut revision = article.revision;
                if path.ends_with("/withdraw") || path.ends_with("/requeue") {
                    let editor = self.account(Role::Editor).await.id;
                    let title = RichText::from_plain("T");
                    let wish = match path.ends_with("/requeue") {
                        true => Wish::Reject { reason: None },
                        false => {
                            Wish::Approve { title, summary: "S.".into(), topics: vec![], publish_at: None }
                        }
                    };
                    self.decide(article.id, editor, wish).await;
                    revision += 1;
                }
                if ["/merge", "/apart", "/version"].iter().any(|act| path.ends_with(act)) {
                    let other = self.world.article("Waiting as well").await;
                    form.push(("other", other.id.to_string()));
                    form.push(("other_revision", other.revision.to_string()));
                }
                form.push(("revision", revision.to_string()));
                form.push(("nct", "NCT01234567".into()));
                form.push(("title", "A title".into()));
                form.push(("summary", "A sentence.".into()));
                path.replace("{id}", &article.id.to_string())
            }
            "/desk/add" => {
                form.push(("what", format!("PMID {}", self.count.replace(self.count.get() + 1) + 9_000)));
                path.into()
            }
            "/desk/add/item" => {
                let number = self.count.replace(self.count.get() + 1);
                form.push(("title", format!("A made-up item of number {number}")));
                path.into()
            }
            "/desk/undo/{id}" => {
                let article = self.world.article("Decided").await;
                let editor = self.account(Role::Editor).await.id;
                let decision = self.decide(article.id, editor, Wish::Reject { reason: None }).await;
                format!("/desk/undo/{decision}")
            }
            "/desk/notices/{id}/answer" => {
                let article = self.world.article("Noticed").await;
                let editor = self.account(Role::Editor).await;
                let title = RichText::from_plain("T");
                let wish = Wish::Approve { title, summary: "S.".into(), topics: vec![], publish_at: None };
                self.decide(article.id, editor.id, wish).await;
                let finding = Finding::new(NoticeKind::Correction, NoticeSource::Pubmed);
                let (store, now) = (&self.world.store, self.world.now());
                let noticed = store.record_findings(article.id, vec![finding], false, now).await.unwrap();
                form.push(("answer", "yes".into()));
                format!("/desk/notices/{}/answer", noticed.fresh[0])
            }
            "/desk/bulk" => {
                let article = self.world.article("Picked").await;
                form.push(("act", "reject".into()));
                form.push(("pick", format!("{}:{}", article.id, article.revision)));
                path.into()
            }
            "/desk/sign-in" => {
                let email = match &visitor.editor {
                    Some(editor) => editor.email.clone(),
                    None => self.account(Role::Viewer).await.email,
                };
                form.push(("email", email));
                form.push(("password", PASSWORD.into()));
                path.into()
            }
            "/desk/forgotten" => {
                form.push(("email", "somebody@example.org".into()));
                path.into()
            }
            "/desk/link/{token}" => {
                let (owner, token) = (self.account(Role::Viewer).await, Token::generate().unwrap());
                let (now, purpose) = (self.world.now(), LinkPurpose::Reset);
                let until = now.plus_ms(DAY_MS);
                self.world.store.add_link(owner.id, token.hash(), purpose, until, now).await.unwrap();
                form.push(("password", "nine red umbrellas".into()));
                format!("/desk/link/{}", token.to_text())
            }
            "/desk/account/name" => {
                form.push(("name", "N. N.".into()));
                path.into()
            }
            "/desk/account/password" => {
                form.push(("old", PASSWORD.into()));
                form.push(("new", "nine red umbrellas".into()));
                path.into()
            }
            "/desk/people" => {
                form.push(("email", format!("new{}@example.org", self.count.replace(self.count.get() + 1))));
                form.push(("role", "viewer".into()));
                path.into()
            }
            path if path.starts_with("/desk/people/{id}") => {
                form.push(("role", "editor".into()));
                path.replace("{id}", &self.account(Role::Viewer).await.id.to_string())
            }
            "/desk/mail/{id}/retry" => {
                let (store, now) = (&self.world.store, self.world.now());
                let editor = self.account(Role::Viewer).await;
                let expires_at = now.plus_ms(DAY_MS);
                store.enqueue_link(editor.id, LinkPurpose::Reset, expires_at, now).await.unwrap();
                path.replace("{id}", &store.letters(1).await.unwrap()[0].id.to_string())
            }
            "/desk/sources/lab" => {
                form.push(("kind", "pubmed".into()));
                form.push(("text", "ECMO[tiab]".into()));
                path.into()
            }
            "/desk/sources/lab/{id}" => {
                let (kind, by) =
                    (SourceKind::Pubmed { query: "ECMO".into() }, self.account(Role::Admin).await.id);
                let asked = self.world.store.ask_lab(kind, None, by, self.world.now()).await;
                format!("/desk/sources/lab/{}", asked.unwrap().unwrap())
            }
            "/desk/account/sessions/{id}/end" => "/desk/account/sessions/999999/end".into(),
            path => path.replace("{name}", "journal"),
        };
        assert!(!address.contains('{'), "{path}: this test needs an example of it");
        (address, form)
    }

    /// Visitor and address of a request that changes nothing: made once, used for all of its kind.
    async fn reader(&self, route: &Route, column: &str) -> (Visitor, (String, Vec<(&'static str, String)>)) {
        let key = format!("{column} {:?}", route.access);
        let known = self.visitors.borrow().get(&key).cloned();
        let visitor = match known {
            Some(visitor) => visitor,
            None => self.who(column, route.access).await,
        };
        self.visitors.borrow_mut().insert(key, visitor.clone());
        let known = self.examples.borrow().get(route.path).cloned();
        let address = match known {
            Some(address) => address,
            None => self.example(route.path, &visitor).await.0,
        };
        self.examples.borrow_mut().insert(route.path, address.clone());
        (visitor, (address, Vec::new()))
    }

    /// Asks as a column says and gives the status.
    async fn ask(&self, route: &Route, column: &str) -> u16 {
        // attempts to sign in are throttled; time heals
        if route.verb == Verb::Post {
            self.world.wait(MINUTE_MS);
        }
        let (visitor, (address, mut form)) = match (route.verb, column) {
            (Verb::Get, column) if column != "method_override_header" => self.reader(route, column).await,
            _ => {
                let visitor = self.who(column, route.access).await;
                let example = self.example(route.path, &visitor).await;
                (visitor, example)
            }
        };
        let posts = match column {
            "get_instead_of_post" => false,
            "method_override_header" => route.verb == Verb::Get,
            _ => route.verb == Verb::Post,
        };
        let url = format!("{}{address}", self.world.url);
        let mut browser = self.world.browser();
        let mut request = if posts { browser.client.post(&url) } else { browser.client.get(&url) };
        let proof = match (column, &visitor.token) {
            ("editor_no_csrf", _) | (_, None) => None,
            ("editor_wrong_csrf", _) => Some("A".repeat(86)),
            ("editor_other_users_csrf", _) => {
                Some(csrf::issue(self.visitor(Role::Editor, 0).await.token.as_ref().unwrap()).unwrap())
            }
            (_, Some(token)) => Some(csrf::issue(token).unwrap()),
        };
        form.extend(proof.map(|proof| ("csrf", proof)));
        request = match column {
            "cross_site_origin" => request.header("origin", EVIL),
            "origin_null" => request.header("origin", "null"),
            "sec_fetch_site_cross_site" => request.header("sec-fetch-site", "cross-site"),
            "no_origin_no_referer" => request,
            "method_override_header" => request
                .header("x-http-method-override", if posts { "GET" } else { "POST" })
                .header("origin", &self.world.url),
            _ if posts => request.header("origin", &self.world.url),
            _ => request,
        };
        if posts {
            request = request.form(&form);
        }
        browser.cookie = visitor.token.as_ref().map(|token| format!("perfuse-session={}", token.to_text()));
        browser.send(request).await.status
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_says_and_nobody_else() {
    let street = Street::build().await;
    let routes = routes();
    let mut lines = TABLE.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut wrong = Vec::new();
    let mut listed = BTreeSet::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), columns.len(), "{line}");
        assert!(listed.insert((cells[0], cells[1])), "{line}: twice in the table");
        let route = routes.iter().find(|route| route.path == cells[0] && route.verb.as_str() == cells[1]);
        let Some(route) = route else {
            wrong.push(format!("{} {} is in the table but no route", cells[1], cells[0]));
            continue;
        };
        assert_eq!(cells[2] == "yes", route.verb == Verb::Post, "{line}: only POST changes state");
        for (column, expected) in columns.iter().zip(&cells).skip(3).filter(|(_, expected)| **expected != "-")
        {
            let status = street.ask(route, column).await;
            if status.to_string() != *expected {
                wrong.push(format!(
                    "{} {} as {column}: {status}, the table says {expected}",
                    cells[1], cells[0]
                ));
            }
        }
    }
    for route in &routes {
        if !listed.contains(&(route.path, route.verb.as_str())) {
            wrong.push(format!("{} {} is not in the table", route.verb.as_str(), route.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_path_that_no_route_knows_is_not_found_whoever_asks_and_however() {
    let street = Street::build().await;
    for role in Role::ALL {
        let visitor = street.visitor(role, 0).await;
        let mut browser = street.world.browser();
        browser.cookie = visitor.token.as_ref().map(|token| format!("perfuse-session={}", token.to_text()));
        for path in ["/desk/nothing", "/desk/a/1/delete", "/admin", "/.env", "/desk/people/1", "/a/1/edit"] {
            assert_eq!(browser.get(path).await.status, 404, "{path}");
            assert_eq!(browser.post(path, &[]).await.status, 404, "{path}");
        }
    }
}

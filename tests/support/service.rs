//! A real service on a real file and a free port, configured as an operator would.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use perfuse::app::{self, Base, Role, Running};
use perfuse::config::{Catalog, Loaded, Settings};
use perfuse::domain::editor;
use perfuse::domain::time::{HOUR_MS, UnixMs};
use perfuse::store::{LinkPurpose, SourceState, Store};
use perfuse::web::token::Token;

use super::literature::Literature;

/// The service with its folder; both end with it.
pub(crate) struct Service {
    pub(crate) base: Base,
    running: Option<Running>,
    folder: tempfile::TempDir,
}

/// One source for `sources.toml`.
pub(crate) fn source(name: &str, rest: &str) -> String {
    format!("[[source]]\nname = \"{name}\"\ntitle = \"{name}\"\n{rest}\n")
}

impl Service {
    /// Starts a service whose sources are `sources` (TOML) and whose literature is `literature`.
    pub(crate) async fn start(literature: &Literature, sources: &str) -> Self {
        Self::start_as(literature, sources, Role::Both).await
    }

    pub(crate) async fn start_as(literature: &Literature, sources: &str, role: Role) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (loaded, catalog) = configure(folder.path().to_owned(), literature, sources);
        let base = Base::open(loaded.settings, catalog).await.unwrap();
        let running = Some(app::start(base.clone(), role).await.unwrap());
        Self { base, running, folder }
    }

    /// Stops it in order and starts it again on the same file.
    pub(crate) async fn restart(&mut self, literature: &Literature, sources: &str) {
        self.running.take().unwrap().stop().await;
        let (loaded, catalog) = configure(self.folder.path().to_owned(), literature, sources);
        self.base = Base::open(loaded.settings, catalog).await.unwrap();
        self.running = Some(app::start(self.base.clone(), Role::Both).await.unwrap());
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().unwrap().address.unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub(crate) fn store(&self) -> &Store {
        &self.base.store
    }

    pub(crate) async fn stop(mut self) {
        self.running.take().unwrap().stop().await;
    }

    /// Makes an account and the path of its one-time link, as `perfuse user add` does.
    pub(crate) async fn invite(&self, email: &str, role: editor::Role) -> String {
        let now = UnixMs::now();
        let editor = self.store().add_editor(email, role, None, now).await.unwrap();
        let token = Token::generate().unwrap();
        let expires_at = now.plus_ms(HOUR_MS);
        self.store().add_link(editor.id, token.hash(), LinkPurpose::Invite, expires_at, now).await.unwrap();
        format!("/desk/link/{}", token.to_text())
    }

    /// Waits until every source was tried at least once, or `name` alone again after `since`.
    pub(crate) async fn wait_until_fetched(&self, since: UnixMs) -> Vec<SourceState> {
        for _ in 0..600 {
            let sources = self.store().sources().await.unwrap();
            if sources.iter().all(|state| state.last_attempt_at.is_some_and(|at| at >= since)) {
                return sources;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the sources were not fetched within 30 s");
    }

    /// Has a source counted now, and waits for the count.
    pub(crate) async fn count(&self, name: &str) -> SourceState {
        let since = UnixMs::now();
        assert!(self.store().set_count_due(name, since).await.unwrap());
        self.base.ring();
        self.wait_until_counted(name, since).await
    }

    pub(crate) async fn wait_until_counted(&self, name: &str, since: UnixMs) -> SourceState {
        for _ in 0..600 {
            let state = self.store().source_state(name).await.unwrap().unwrap();
            if state.count.counted_at.is_some_and(|at| at >= since) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{name} was not counted within 30 s");
    }

    /// Makes every source due and rings the bell by way of the desk's own verb.
    pub(crate) async fn fetch_all_again(&self) -> Vec<SourceState> {
        let since = UnixMs::now();
        for state in self.store().sources().await.unwrap() {
            self.store().set_due(&state.source.name, UnixMs::now()).await.unwrap();
        }
        self.base.ring();
        self.wait_until_fetched(since).await
    }
}

fn configure(folder: PathBuf, literature: &Literature, sources: &str) -> (Loaded, Catalog) {
    let sources_file = folder.join("sources.toml");
    std::fs::write(&sources_file, sources).unwrap();
    let file = folder.join("perfuse.toml");
    let text = format!(
        "data_dir = {data:?}\n[server]\nlisten = \"127.0.0.1:0\"\n[society]\nname = \"A Made-up Society\"\n\
         [fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_spacing_ms = 0\n[ncbi]\nbase_url = {eutils:?}\n\
         api_key = \"made-up\"\n[europepmc]\nbase_url = {europepmc:?}\npage_size = 2\n\
         requests_per_minute = 100000\n[trials]\nbase_url = {trials:?}\npage_size = 2\n\
         requests_per_minute = 100000\n[preprints]\nbase_url = {preprints:?}\n\
         requests_per_minute = 100000\n[crossref]\nbase_url = {crossref:?}\npage_size = 2\n\
         requests_per_minute = 100000\n[worker]\ncomplete_by_doi = {complete_by_doi}\n\
         [watch]\nenabled = false\n[publish]\nwebsub_hub = {hub:?}\n[sources]\nfile = {sources_file:?}\n",
        hub = literature.url("/hub"),
        data = folder.join("data"),
        eutils = literature.url("/eutils/"),
        europepmc = literature.url("/europepmc/"),
        trials = literature.url("/trials/"),
        preprints = literature.url("/preprints/"),
        crossref = literature.url("/crossref/"),
        complete_by_doi = literature.has_service("/crossref/works/"),
    );
    std::fs::write(&file, text).unwrap();
    let loaded = Settings::load(Some(&file), std::iter::empty()).unwrap();
    let catalog = Catalog::load(&loaded.settings).unwrap();
    (loaded, catalog)
}

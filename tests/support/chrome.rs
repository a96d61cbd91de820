//! A real Chromium through chromedriver, with fingers, a colour scheme, a network that can fail and no script at will.
//!
//! Where there is none its tests are skipped aloud, but not where `CI` is set: there they fail.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Browsers are large: one story at a time has some.
static TURN: Semaphore = Semaphore::const_new(1);

/// A browser with a profile of its own.
pub(crate) struct Chrome {
    driver: Child,
    pub(crate) client: Client,
    /// The driver's port and the session's name.
    session: (u16, String),
    _profile: tempfile::TempDir,
}

/// Ends the session first: a driver that is killed leaves its browser running.
impl Drop for Chrome {
    fn drop(&mut self) {
        let (port, id) = &self.session;
        let bye =
            format!("DELETE /session/{id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", *port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(bye.as_bytes());
            let _ = stream.read(&mut [0; 1024]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A story's turn to open browsers; `None` where there are none.
pub(crate) async fn take_turn(story: &str) -> Option<SemaphorePermit<'static>> {
    let there = Command::new("chromedriver").arg("--version").output().is_ok_and(|out| out.status.success());
    if !there {
        assert!(std::env::var_os("CI").is_none(), "there is no chromedriver for {story}");
        eprintln!("skipped: {story} (there is no chromedriver)");
        return None;
    }
    Some(TURN.acquire().await.unwrap())
}

/// A command of the DevTools protocol.
#[derive(Debug)]
struct DevTools(String);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (axum::http::Method, Option<String>) {
        (axum::http::Method::POST, Some(self.0.clone()))
    }
}

impl Chrome {
    pub(crate) async fn open() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut driver = Command::new("chromedriver");
        driver.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = driver.spawn().unwrap();
        let profile = tempfile::tempdir().unwrap();
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,860",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let options = json!({ "goog:chromeOptions": { "args": args } });
        for _ in 0..200 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(options.as_object().unwrap().clone());
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => {
                    let id = client.session_id().await.unwrap().unwrap_or_default();
                    return Self { driver, client, session: (port, id), _profile: profile };
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("chromedriver does not answer");
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Speaks to the browser beneath the driver.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters }).to_string();
        self.client.issue_cmd(DevTools(body)).await.unwrap()
    }

    /// The size of the screen in CSS pixels, with fingers or a mouse.
    pub(crate) async fn set_screen(&self, width: u32, height: u32, touch: bool) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let points = json!({ "enabled": touch, "maxTouchPoints": if touch { 5 } else { 1 } });
        self.devtools("Emulation.setTouchEmulationEnabled", points).await;
    }

    pub(crate) async fn set_scheme(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    pub(crate) async fn set_offline(&self, offline: bool) {
        self.devtools("Network.enable", json!({})).await;
        let network =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", network).await;
    }

    /// Switches the scripts of pages off, not those of the test.
    pub(crate) async fn set_scripts(&self, on: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !on })).await;
    }

    /// The value of an expression in the page.
    pub(crate) async fn ask(&self, expression: &str) -> Value {
        self.client.execute(&format!("return {expression}"), vec![]).await.unwrap()
    }

    /// Asks again and again until the expression is neither null nor false nor empty.
    pub(crate) async fn wait_for(&self, expression: &str) -> Value {
        for _ in 0..400 {
            // a page on its way out answers nothing
            let value: Result<Value, CmdError> =
                self.client.execute(&format!("return {expression}"), vec![]).await;
            if let Ok(value) = value
                && !matches!(&value, Value::Null | Value::Bool(false))
                && value != ""
            {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let page = self.client.execute("return document.body.innerText", vec![]).await;
        panic!("it never came to this: {expression}\n{page:?}");
    }

    /// The text of what matches, as it is shown.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = format!(
            "[...document.querySelectorAll({selector:?})].map(e => e.innerText ?? e.textContent).join(' ').trim()"
        );
        self.ask(&script).await.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn click(&self, selector: &str) {
        let found = self.client.find(Locator::Css(selector)).await;
        let found = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        // the driver does not scroll what lies under the decision bar, as a person would
        let centre = format!(
            "document.querySelector({selector:?}).scrollIntoView({{ block: 'center', behavior: 'instant' }})"
        );
        self.ask(&centre).await;
        found.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Puts text into a field in place of what stands in it, key by key.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.client.find(Locator::Css(selector)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys wherever the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// The middle of an element in the window, which is scrolled to it.
    async fn middle(&self, selector: &str) -> (f64, f64) {
        let place = self
            .ask(&format!(
                "(e => {{ e.scrollIntoView({{ block: 'nearest', behavior: 'instant' }}); const r = \
                 e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})\
                 (document.querySelector({selector:?}))"
            ))
            .await;
        (place[0].as_f64().unwrap(), place[1].as_f64().unwrap())
    }

    pub(crate) async fn tap(&self, selector: &str) {
        let (x, y) = self.middle(selector).await;
        self.touch("touchStart", Some((x, y))).await;
        self.touch("touchEnd", None).await;
    }

    /// A quick stroke of a finger over an element, to the right where `by` is positive.
    pub(crate) async fn swipe(&self, selector: &str, by: f64) {
        let (x, y) = self.middle(selector).await;
        self.touch("touchStart", Some((x - by / 2.0, y))).await;
        for step in 1..=4 {
            self.touch("touchMove", Some((x - by / 2.0 + by * f64::from(step) / 4.0, y))).await;
        }
        self.touch("touchEnd", None).await;
    }

    async fn touch(&self, kind: &str, at: Option<(f64, f64)>) {
        let points: Vec<Value> = at.iter().map(|(x, y)| json!({ "x": x, "y": y })).collect();
        self.devtools("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
    }
}

//! Every page of the desk as people with other eyes, fingers and screens meet it, in a real Chromium.
//!
//! axe-core (npm) stands in the folder `PERFUSE_CLIENTS` names, as `node_modules/axe-core/axe.min.js`; where it does not
//! its part is skipped aloud, except where `CI` is set. What axe does not look at is looked at here in any case.

use perfuse::domain::editor::Role;
use perfuse::domain::source::{Source, SourceKind};
use perfuse::web::{Verb, routes};
use serde_json::{Value, json};

use super::world::World;
use crate::support::axe::{AXE, axe};
use crate::support::chrome::{Chrome, take_turn};

/// What axe does not look at: sideways scrolling, small targets, one heading, a title, marks of focus.
const OURS: &str = r#"
const faults = [], touch = arguments[0];
const root = document.documentElement;
if (root.scrollWidth > innerWidth) {
  const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.sr, .skip'));
  faults.push(`scrolls sideways: ${root.scrollWidth} > ${innerWidth} ${wide.slice(0, 3).map(e => e.outerHTML.slice(0, 80))}`);
}
if (!document.title.trim() || document.title.includes('⟦')) faults.push('title: ' + document.title);
const seen = e => e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width > 1;
const heads = [...document.querySelectorAll('h1')].filter(seen);
if (heads.length > 1) faults.push('headings: ' + heads.map(e => e.textContent));
const targets = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')].filter(e => seen(e) && !e.closest('.sr, .skip'));
for (const e of targets) {
  // what readers will see, shown as it is
  if (e.closest('.preview-sheet')) continue;
  const label = e.matches('input[type=checkbox]') ? e.closest('label') : null;
  const r = (label ?? e).getBoundingClientRect();
  // a link within a sentence is as high as its line (WCAG 2.5.8, inline)
  const inline = e.matches('a') && getComputedStyle(e).display === 'inline' && e.parentElement.textContent.trim().length > e.textContent.trim().length;
  if (!inline && (r.width < 23.9 || r.height < 23.9)) faults.push(`small: ${Math.round(r.width)}x${Math.round(r.height)} ${e.outerHTML.slice(0, 90)}`);
  if (touch && e.matches('.decision') && r.height < 47.9) faults.push(`decision: ${r.height} ${e.textContent}`);
}
for (const e of targets.filter(e => !e.disabled && e.tabIndex >= 0)) {
  e.focus();
  if (document.activeElement !== e) continue;
  const ringed = e.matches('.chip input') ? e.nextElementSibling : e;
  const style = getComputedStyle(ringed);
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) faults.push('no mark of focus: ' + e.outerHTML.slice(0, 90));
}
return faults;
"#;

/// A desk with something on every page.
async fn furnish(world: &World) -> Vec<String> {
    let source = Source {
        name: "journal".into(),
        title: "A journal with a rather long name of its own".into(),
        kind: SourceKind::Feed { url: "https://example.org/feed".into() },
        schedule: None,
        topics: vec![],
        enabled: true,
    };
    world.store.sync_sources(vec![source], world.now()).await.unwrap();
    let mut trials = Vec::new();
    for number in 1..=4 {
        let title = format!(
            "Extracorporeal cardiopulmonary resuscitation in refractory arrest: trial {number} of CO<sub>2</sub>"
        );
        trials.push(world.trial(&title).await);
    }
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    maria.decide(&trials[3], "reject", &[("reason", "low_evidence")]).await;
    let approved = [("title", "Approved"), ("summary", "Mortality fell from 40% to 31%."), ("topic", "ecpr")];
    maria.decide(&trials[2], "approve", &approved).await;
    maria.post(&format!("/desk/a/{}/note", trials[0].id), &[("note", "Is this the final report?")]).await;
    maria.post(&format!("/desk/a/{}/here", trials[0].id), &[]).await;
    maria.post("/desk/add", &[("what", "PMID 39000001")]).await;
    let mut pages: Vec<String> = trials[..3].iter().map(|trial| format!("/desk/a/{}", trial.id)).collect();
    pages.extend(
        [
            "/desk?q=trial",
            "/desk?topic=none",
            "/desk?q=refractory&status=any",
            "/desk?why=hand",
            "/desk/add?url=https://example.org/&title=A+page",
            "/desk/sources/journal",
            "/desk/nothing-here",
        ]
        .map(String::from),
    );
    // and every page that has no name of its own
    let pages_of_list = routes().into_iter().filter(|route| {
        route.verb == Verb::Get && route.path.starts_with("/desk") && !route.path.contains(['{', '.'])
    });
    pages.extend(pages_of_list.map(|route| route.path.to_owned()));
    pages
}

async fn look(chrome: &Chrome, axe: Option<&str>, touch: bool, at: &str, faults: &mut Vec<String>) {
    // after a key, focus that a script gives is shown as a keyboard's; from the first link the key stays in the page
    chrome.ask("document.querySelector('a[href]').focus()").await;
    chrome.press("\u{E004}").await;
    let ours = chrome.client.execute(OURS, vec![json!(touch)]).await.unwrap();
    let mut found: Vec<Value> = ours.as_array().unwrap().clone();
    if let Some(axe) = axe {
        chrome.client.execute(axe, vec![]).await.unwrap();
        let theirs = chrome.client.execute_async(AXE, vec![]).await.unwrap();
        found.extend(theirs.as_array().unwrap().iter().cloned());
    }
    faults.extend(found.iter().map(|fault| format!("{at}: {}", fault.as_str().unwrap_or_default())));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_suits_every_eye_finger_and_screen() {
    let Some(_turn) = take_turn("looking at every page of the desk").await else { return };
    let axe = axe();
    let world = World::start().await;
    let pages = furnish(&world).await;
    let chrome = Chrome::open().await;
    let mut faults = Vec::new();
    let screens = [(320, 640, true), (390, 780, true), (1280, 860, false)];
    for (width, height, touch) in screens {
        chrome.set_screen(width, height, touch).await;
        for scheme in ["light", "dark"] {
            chrome.set_scheme(scheme).await;
            chrome.goto(&format!("{}/desk/sign-in", world.url)).await;
            look(&chrome, axe.as_deref(), touch, &format!("/desk/sign-in {width} {scheme}"), &mut faults)
                .await;
        }
    }
    world.arrive(&chrome, "admin@example.org", Role::Admin).await;
    for (width, height, touch) in screens {
        chrome.set_screen(width, height, touch).await;
        for page in &pages {
            chrome.goto(&format!("{}{page}", world.url)).await;
            chrome
                .ask("document.querySelectorAll('details').forEach(e => e.open = !e.matches('.menu'))")
                .await;
            for scheme in ["light", "dark"] {
                chrome.set_scheme(scheme).await;
                look(&chrome, axe.as_deref(), touch, &format!("{page} {width} {scheme}"), &mut faults).await;
            }
        }
        chrome.goto(&format!("{}{}", world.url, pages[0])).await;
        for summary in [".reject", ".later", ".approve"] {
            chrome.click(&format!("{summary} + .menu summary")).await;
            look(&chrome, axe.as_deref(), touch, &format!("menu {summary} {width}"), &mut faults).await;
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_is_light_stays_at_home_and_does_not_jump() {
    let Some(_turn) = take_turn("weighing the desk").await else { return };
    let world = World::start().await;
    let mut pages = furnish(&world).await;
    for number in 0..40 {
        world.trial(&format!("A trial of number {number} that fills the list of the queue")).await;
    }
    let chrome = Chrome::open().await;
    world.arrive(&chrome, "admin@example.org", Role::Admin).await;
    pages.push("/desk?page=2".into());
    for page in pages.iter().filter(|page| !page.contains("nothing")) {
        chrome.devtools("Network.clearBrowserCache", json!({})).await;
        chrome.goto(&format!("{}{page}", world.url)).await;
        let script = "const done = arguments[0]; let shift = 0; new PerformanceObserver(l => l.getEntries().forEach(e => shift += \
            e.value)).observe({ type: 'layout-shift', buffered: true }); setTimeout(() => { const all = \
            [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]; done([\
            all.reduce((sum, e) => sum + e.transferSize, 0), all.filter(e => new URL(e.name).origin !== \
            location.origin).map(e => e.name), shift]) }, 250)";
        let [bytes, foreign, shift]: [Value; 3] = chrome
            .client
            .execute_async(script, vec![])
            .await
            .unwrap()
            .as_array()
            .unwrap()
            .clone()
            .try_into()
            .unwrap();
        let bytes = bytes.as_f64().unwrap();
        assert!(bytes > 3_000.0 && bytes < 60_000.0, "{page}: {bytes} bytes");
        assert_eq!(foreign, json!([]), "{page}");
        assert!(shift.as_f64().unwrap() < 0.01, "{page}: shifts by {shift}");
    }
}

//! What editors do, in a real Chromium: with keys, with a thumb, with a bad connection, without scripts.

use perfuse::domain::editor::Role;
use perfuse::domain::status::Status;
use perfuse::domain::time::{DAY_MS, HOUR_MS};

use super::world::{PASSWORD, World};
use crate::support::chrome::{Chrome, take_turn};

/// The article that the page shows has this title, and the window says so.
fn shows(title: &str) -> String {
    format!(
        "document.title.startsWith({title:?}) && document.querySelector('.work h1, .work .as-h1')?.textContent === {title:?}"
    )
}

impl World {
    /// Follows a one-time link in a browser and sets the password.
    pub(crate) async fn arrive(&self, chrome: &Chrome, email: &str, role: Role) {
        let link = self.link_for(email, role).await;
        chrome.goto(&format!("{}{link}", self.url)).await;
        chrome.fill("#password", PASSWORD).await;
        chrome.click("button.primary").await;
        chrome.wait_for("document.querySelector('header.top nav') !== null").await;
    }

    async fn status_of(&self, id: i64) -> Status {
        self.store.article(id).await.unwrap().unwrap().status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_editor_signs_in_and_clears_a_queue_by_keyboard() {
    let Some(_turn) = take_turn("clearing a queue by keyboard").await else { return };
    let world = World::start().await;
    let mut trials = Vec::new();
    for number in 1..=6 {
        trials.push(world.trial(&format!("Trial {number} of ECPR")).await);
    }
    let chrome = Chrome::open().await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    assert!(chrome.text("main").await.contains("History"), "the first page says how it works");
    chrome.click(".sign-out button").await;
    chrome.wait_for("location.pathname === '/desk/sign-in'").await;
    chrome.fill("#email", "maria@example.org").await;
    chrome.fill("#password", PASSWORD).await;
    chrome.click("button.primary").await;
    chrome.wait_for("location.pathname === '/desk'").await;

    chrome.press("j").await;
    chrome.wait_for(&shows("Trial 2 of ECPR")).await;
    chrome.press("k").await;
    chrome.wait_for(&shows("Trial 1 of ECPR")).await;
    for (key, next) in [
        ("a", "Trial 2 of ECPR"),
        ("r", "Trial 3 of ECPR"),
        ("1", "Trial 4 of ECPR"),
        ("l", "Trial 5 of ECPR"),
    ] {
        chrome.press(key).await;
        chrome.wait_for(&shows(next)).await;
        let focus = "document.activeElement === document.querySelector('.work h1')";
        assert_eq!(chrome.ask(focus).await, true, "focus follows to {next}");
        assert!(!chrome.text("[role=status]").await.is_empty(), "the note says what was done");
    }
    let standing = [Status::Approved, Status::Rejected, Status::Rejected, Status::Later];
    for (trial, status) in trials.iter().zip(standing) {
        assert_eq!(world.status_of(trial.id).await, status, "{}", trial.title);
    }
    // typing is no deciding, Escape ends it; u takes the last decision back
    chrome.press("e").await;
    chrome.press(" rare").await;
    assert_eq!(world.status_of(trials[4].id).await, Status::Queued);
    chrome.press("\u{E00C}").await;
    chrome.press("u").await;
    chrome.wait_for(&shows("Trial 4 of ECPR")).await;
    assert_eq!(world.status_of(trials[3].id).await, Status::Queued);
    for next in ["Trial 5 of ECPR", "Trial 6 of ECPR"] {
        chrome.press("r").await;
        chrome.wait_for(&shows(next)).await;
    }
    chrome.press("r").await;
    chrome.wait_for("document.querySelector('.empty-title') !== null").await;
    assert_eq!(chrome.ask("document.activeElement.localName").await, "h1");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_a_thumb_decides_by_buttons_and_by_swipes() {
    let Some(_turn) = take_turn("deciding on a phone").await else { return };
    let world = World::start().await;
    let mut trials = Vec::new();
    for number in 1..=5 {
        trials.push(world.trial(&format!("Trial {number} of ECPR")).await);
    }
    let chrome = Chrome::open().await;
    chrome.set_screen(390, 780, true).await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    chrome.goto(&format!("{}/desk", world.url)).await;
    assert_eq!(chrome.ask("getComputedStyle(document.querySelector('.work')).display").await, "none");
    chrome.tap(".row a").await;
    chrome.wait_for(&shows("Trial 1 of ECPR")).await;
    let heights = chrome
        .ask("[...document.querySelectorAll('.decision')].map(e => e.getBoundingClientRect().height)")
        .await;
    assert!(heights.as_array().unwrap().iter().all(|height| height.as_f64().unwrap() >= 48.0), "{heights}");
    chrome.tap("button.approve").await;
    chrome.wait_for(&shows("Trial 2 of ECPR")).await;
    chrome.tap("button.reject + .menu summary").await;
    chrome.wait_for("document.querySelector('.menu[open]') !== null").await;
    chrome.tap(".menu[open] [value=low_evidence]").await;
    chrome.wait_for(&shows("Trial 3 of ECPR")).await;
    chrome.swipe(".abstract", 240.0).await;
    chrome.wait_for(&shows("Trial 4 of ECPR")).await;
    chrome.swipe(".abstract", -240.0).await;
    chrome.wait_for(&shows("Trial 5 of ECPR")).await;
    let standing = [Status::Approved, Status::Rejected, Status::Later, Status::Rejected];
    for (trial, status) in trials.iter().zip(standing) {
        assert_eq!(world.status_of(trial.id).await, status, "{}", trial.title);
    }
    chrome.tap("#undo").await;
    chrome.wait_for(&shows("Trial 4 of ECPR")).await;
    assert_eq!(world.status_of(trials[3].id).await, Status::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marked_figure_is_acknowledged_a_time_is_chosen_and_undone() {
    let Some(_turn) = take_turn("editing a marked figure").await else { return };
    let world = World::start().await;
    let (one, two) = (world.trial("Trial 1 of ECPR").await, world.trial("Trial 2 of ECPR").await);
    world.trial("Trial 3 of ECPR").await;
    let chrome = Chrome::open().await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    chrome.goto(&format!("{}/desk/a/{}", world.url, one.id)).await;
    chrome.fill("#summary", "Mortality fell from 40% to 13% in a made-up trial.").await;
    // the mark comes while typing pauses, before anything is sent
    chrome.wait_for("document.querySelector('.marks li')?.textContent.includes('13%')").await;
    assert_eq!(chrome.text(".words-now").await, "10");
    chrome.click("button.approve").await;
    chrome.wait_for("document.activeElement.id === 'errors'").await;
    assert_eq!(world.status_of(one.id).await, Status::Queued);
    chrome.click("#errors a").await;
    chrome.wait_for("document.activeElement.name === 'acknowledged'").await;
    chrome.press(" ").await;
    chrome.click("button.approve").await;
    chrome.wait_for(&shows("Trial 2 of ECPR")).await;
    assert_eq!(world.status_of(one.id).await, Status::Approved);
    assert_eq!(chrome.ask("document.querySelector('.identifiers a').firstChild.textContent").await, "PMID 2");
    assert_eq!(chrome.text(".copied").await, "The draft is copied from the abstract: rephrase it.");

    let tomorrow = world.now().plus_ms(DAY_MS).to_utc().format("%Y-%m-%dT%H:%M").to_string();
    chrome.click("button.approve + .menu summary").await;
    chrome.ask(&format!("document.querySelector('[name=publish_at]').value = {tomorrow:?}")).await;
    chrome.click(".menu[open] button").await;
    chrome.wait_for(&shows("Trial 3 of ECPR")).await;
    assert_eq!(world.status_of(two.id).await, Status::Approved);
    let planned = world.now().plus_ms(DAY_MS).to_utc().format("%-d %b %Y, %H:%M").to_string();
    let toast = chrome.text("[role=status] .toast").await;
    assert!(toast.starts_with(&format!("Approved for {planned}: Trial 2 of ECPR")), "{toast}");
    chrome.goto(&format!("{}/desk/a/{}", world.url, two.id)).await;
    let standing = chrome.text(".standing").await;
    assert!(standing.ends_with(&format!("It becomes public on {planned}.")), "{standing}");
    assert_eq!(chrome.text(".save button").await, "Change it");
    assert_eq!(chrome.text("form[action$='/withdraw'] button").await, "Do not publish it");
    world.wait(HOUR_MS);
    assert_eq!(world.titles_in_public().await, ["Trial 1 of ECPR"], "the other one is for tomorrow");
    chrome.goto(&format!("{}/desk/history", world.url)).await;
    assert_eq!(chrome.text(".event:first-child .act").await, format!("Approved for {planned}"));
    chrome.goto(&format!("{}/desk/a/{}", world.url, one.id)).await;
    assert_eq!(chrome.text(".save button").await, "Change what is published");
    assert_eq!(chrome.text("form[action$='/withdraw'] button").await, "Take it back from the public");
    chrome.goto(&format!("{}/desk/history", world.url)).await;
    chrome.click(".event button").await;
    chrome.wait_for("document.querySelector('.event.undone') !== null").await;
    assert_eq!(world.status_of(two.id).await, Status::Queued);
    world.wait(2 * DAY_MS);
    assert_eq!(world.titles_in_public().await, ["Trial 1 of ECPR"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_at_once_see_both_texts_and_lose_none() {
    let Some(_turn) = take_turn("a conflict between two browsers").await else { return };
    let world = World::start().await;
    let article = world.trial("Trial of two").await;
    let (maria, jonas) = (Chrome::open().await, Chrome::open().await);
    let page = format!("{}/desk/a/{}", world.url, article.id);
    for (chrome, email) in [(&maria, "maria@example.org"), (&jonas, "jonas@example.org")] {
        world.arrive(chrome, email, Role::Editor).await;
        chrome.goto(&page).await;
    }
    jonas.fill("#summary", "What Jonas found in it.").await;
    maria.fill("#summary", "What Maria found in it.").await;
    maria.click(".save button").await;
    maria.wait_for("document.querySelector('[role=status] .toast') !== null").await;
    jonas.click(".save button").await;
    jonas.wait_for("document.querySelector('.compare') !== null").await;
    assert!(jonas.text(".theirs").await.contains("What Maria found in it."));
    assert_eq!(jonas.ask("document.querySelector('.yours #summary').value").await, "What Jonas found in it.");
    jonas.client.refresh().await.unwrap();
    jonas.wait_for("document.querySelector('#summary').value === 'What Jonas found in it.'").await;
    jonas.click(".save button").await;
    jonas.wait_for("document.querySelector('.compare') !== null").await;
    jonas.click(".yours button").await;
    jonas.wait_for("document.querySelector('.compare') === null").await;
    let stored = world.store.article(article.id).await.unwrap().unwrap();
    assert_eq!(stored.summary.as_deref(), Some("What Jonas found in it."));
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_text_survives_an_ended_session_a_lost_connection_and_a_reload() {
    let Some(_turn) = take_turn("text that survives").await else { return };
    let world = World::start().await;
    let article = world.trial("Trial of patience").await;
    let chrome = Chrome::open().await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    chrome.goto(&format!("{}/desk/a/{}", world.url, article.id)).await;
    chrome.fill("#summary", "Typed in a tunnel.").await;
    chrome.set_offline(true).await;
    chrome.wait_for("document.querySelector('[role=status] .toast') !== null").await;
    chrome.click(".save button").await;
    chrome.wait_for("document.querySelector('[role=status] .toast p').textContent.length > 10").await;
    assert_eq!(chrome.ask("document.querySelector('#summary').value").await, "Typed in a tunnel.");
    chrome.set_offline(false).await;
    chrome.client.refresh().await.unwrap();
    chrome.wait_for("document.querySelector('#summary').value === 'Typed in a tunnel.'").await;
    assert_eq!(chrome.ask("document.querySelector('.kept').hidden").await, false);

    world.wait(400 * DAY_MS);
    chrome.fill("#summary", "Typed for half an hour.").await;
    chrome.click(".save button").await;
    chrome.wait_for("document.querySelector('[name=kept_action]') !== null").await;
    assert_eq!(world.store.article(article.id).await.unwrap().unwrap().summary, None);
    chrome.fill("#email", "maria@example.org").await;
    chrome.fill("#password", PASSWORD).await;
    chrome.click("button.primary").await;
    chrome
        .wait_for("document.querySelector('textarea[name=summary]')?.value === 'Typed for half an hour.'")
        .await;
    chrome.click("button.primary").await;
    chrome.wait_for("location.pathname.startsWith('/desk/a/')").await;
    let stored = world.store.article(article.id).await.unwrap().unwrap();
    assert_eq!(stored.summary.as_deref(), Some("Typed for half an hour."));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_without_scripts() {
    let Some(_turn) = take_turn("the desk without scripts").await else { return };
    let world = World::start().await;
    let (one, two) = (world.trial("Trial 1 of ECPR").await, world.trial("Trial 2 of ECPR").await);
    let chrome = Chrome::open().await;
    chrome.set_scripts(false).await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    chrome.goto(&format!("{}/desk", world.url)).await;
    chrome.click(".row a").await;
    chrome.wait_for(&shows("Trial 1 of ECPR")).await;
    chrome.fill("#summary", "Mortality fell to 13%.").await;
    chrome.click(".no-js button").await;
    chrome.wait_for("document.querySelector('.marks li')?.textContent.includes('13%')").await;
    chrome.fill("#summary", "Mortality fell from 40% to 31% in a made-up trial.").await;
    chrome.click("button.approve").await;
    chrome.wait_for(&shows("Trial 2 of ECPR")).await;
    assert_eq!(world.status_of(one.id).await, Status::Approved);
    chrome.click("button.reject + .menu summary").await;
    chrome.click(".menu[open] [value=off_topic]").await;
    chrome.wait_for("location.pathname === '/desk'").await;
    assert_eq!(world.status_of(two.id).await, Status::Rejected);
    chrome.goto(&format!("{}/desk/history", world.url)).await;
    chrome.click(".event button").await;
    chrome.wait_for("document.querySelector('.event.undone') !== null").await;
    assert_eq!(world.status_of(two.id).await, Status::Queued);
    chrome.click(".sign-out button").await;
    chrome.wait_for("location.pathname === '/desk/sign-in'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_within_the_page_leads_there_and_loses_nothing() {
    let Some(_turn) = take_turn("links within the page").await else { return };
    let world = World::start().await;
    let (one, two) = (world.trial("Trial 1 of ECPR").await, world.trial("Trial 2 of ECPR").await);
    let chrome = Chrome::open().await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    chrome.goto(&format!("{}/desk/a/{}", world.url, one.id)).await;
    let ticked = "document.querySelector('[name=topic][value=cpb]').checked";
    chrome.ask("document.querySelector('[name=topic][value=cpb]').click()").await;
    // whether the page is still the one that was opened
    chrome.ask("window.sameMain = document.querySelector('main')").await;
    assert_eq!(chrome.ask("document.querySelector('details.draft').open").await, false);
    let arrived = |id: &str| {
        format!(
            "location.hash === '#{id}' && document.activeElement.id === '{id}' && (box => box.top >= 0 && box.bottom \
             <= innerHeight)(document.activeElement.getBoundingClientRect())"
        )
    };
    chrome.click(".abstract a.to-draft[href='#d1']").await;
    chrome.wait_for(&arrived("d1")).await;
    assert_eq!(chrome.ask("document.querySelector('details.draft').open").await, true, "it was folded away");
    chrome.click("#d1 a").await;
    chrome.wait_for("location.hash.startsWith('#s') && document.activeElement.localName === 'mark'").await;
    chrome.ask("document.querySelector('details.draft').open = false").await;
    chrome.click(".abstract a.to-draft[href='#d1']").await;
    chrome.wait_for(&arrived("d1")).await;
    chrome.ask("document.querySelector('details.draft').open = false").await;
    chrome.click(".abstract a.to-draft[href='#d1']").await;
    chrome.wait_for("document.querySelector('details.draft').open").await;
    chrome.ask("document.querySelector('.skip').click()").await;
    chrome.wait_for("location.hash === '#main' && document.activeElement.id === 'main'").await;
    chrome.ask("document.querySelector('.to-summary').click()").await;
    chrome.wait_for("location.hash === '#summary' && document.activeElement.id === 'summary'").await;
    chrome.ask("history.back()").await;
    chrome.wait_for("location.hash === '#main'").await;
    assert_eq!(chrome.ask(ticked).await, true, "what was ticked is still ticked");
    assert_eq!(chrome.ask("window.sameMain === document.querySelector('main')").await, true);
    // another page of the browser's history is fetched as before
    chrome.ask(&format!("document.querySelector('.rows a[href^=\"/desk/a/{}\"]').click()", two.id)).await;
    chrome.wait_for(&shows("Trial 2 of ECPR")).await;
    chrome.ask("history.back()").await;
    chrome.wait_for(&shows("Trial 1 of ECPR")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_on_a_phone_never_lies_over_an_open_menu() {
    let Some(_turn) = take_turn("menus beneath notes").await else { return };
    let world = World::start().await;
    for number in 1..=3 {
        world.trial(&format!("Trial {number} of ECPR")).await;
    }
    let chrome = Chrome::open().await;
    chrome.set_screen(390, 780, true).await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    chrome.goto(&format!("{}/desk", world.url)).await;
    chrome.tap(".row a").await;
    chrome.wait_for(&shows("Trial 1 of ECPR")).await;
    chrome.tap("button.approve").await;
    chrome.wait_for(&shows("Trial 2 of ECPR")).await;
    chrome.wait_for("document.querySelector('#undo') !== null").await;
    for menu in ["reject", "later", "approve"] {
        chrome.tap(&format!("button.{menu} + .menu summary")).await;
        chrome.wait_for(&format!("document.querySelector('button.{menu} + .menu[open]') !== null")).await;
        let covered = "[...document.querySelectorAll('.menu[open] button, .menu[open] input')].filter(each => { const box = \
                       each.getBoundingClientRect(); return document.elementFromPoint(box.x + box.width / 2, box.y + \
                       box.height / 2).closest('button, input') !== each; }).map(each => each.textContent)";
        assert_eq!(chrome.ask(covered).await, serde_json::json!([]), "{menu}");
    }
    chrome.tap("button.approve + .menu summary").await;
    chrome.wait_for("document.querySelector('.menu[open]') === null").await;
    chrome.tap(".toast-close").await;
    chrome.wait_for("document.querySelector('.toast') === null").await;
    // there is nothing to take back any more, and pressing u says so
    chrome.press("u").await;
    chrome.wait_for("document.querySelector('.toast a')?.pathname === '/desk/history'").await;
    // without a connection a note says so, until it is back
    chrome.set_offline(true).await;
    chrome.wait_for("document.querySelector('.toast p')?.textContent === document.querySelector('.toasts').dataset.offline")
        .await;
    chrome.set_offline(false).await;
    chrome.wait_for("document.querySelector('.toast') === null").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_ticked_counted_rejected_and_put_back_together() {
    let Some(_turn) = take_turn("several at once").await else { return };
    let world = World::start().await;
    let mut trials = Vec::new();
    for number in 1..=20 {
        trials.push(world.trial(&format!("Trial {number} of ECPR")).await);
    }
    let chrome = Chrome::open().await;
    for (width, height, touch) in [(1280, 860, false), (390, 780, true)] {
        chrome.set_screen(width, height, touch).await;
        if touch {
            chrome.goto(&format!("{}/desk", world.url)).await;
        } else {
            world.arrive(&chrome, "maria@example.org", Role::Editor).await;
            chrome.goto(&format!("{}/desk", world.url)).await;
        }
        chrome.ask("document.querySelector('.bulk').open = true").await;
        chrome.click(".bulk [value=reject]").await;
        chrome.wait_for("document.querySelector('.toast')?.textContent.includes('Nothing is ticked')").await;
        for row in 1..=3 {
            chrome.ask(&format!("document.querySelector('.row:nth-child({row}) .pick input').click()")).await;
        }
        assert_eq!(chrome.text(".picked").await, "3 selected");
        chrome
            .ask("document.querySelector('.row').scrollIntoView({ block: 'center', behavior: 'instant' })")
            .await;
        let reachable = "(each => { const box = each.getBoundingClientRect(); return document.elementFromPoint(box.x + \
                         box.width / 2, box.y + box.height / 2) === each; })(document.querySelector('.bulk [value=reject]'))";
        assert_eq!(chrome.ask(reachable).await, true, "the bar is in the window at {width}");
        chrome.ask("document.querySelector('.bulk [value=reject]').click()").await;
        chrome.wait_for("document.querySelector('.toast p')?.textContent === '3 decided.'").await;
        for trial in &trials[..3] {
            assert_eq!(world.status_of(trial.id).await, Status::Rejected);
        }
        chrome.press("u").await;
        chrome.wait_for("document.querySelector('.toast p')?.textContent === '3 undone.'").await;
        for trial in &trials[..3] {
            assert_eq!(world.status_of(trial.id).await, Status::Queued);
        }
    }
}

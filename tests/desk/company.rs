//! Notes between editors, the hint that somebody is typing, and articles added by hand.

use perfuse::domain::editor::Role;
use perfuse::domain::status::Status;
use perfuse::domain::time::{DAY_MS, MINUTE_MS};
use perfuse::store::AdditionState;

use super::world::{PASSWORD, World};

#[tokio::test]
async fn a_note_is_read_by_the_others_as_text_and_stands_in_the_trail() {
    let world = World::start().await;
    let article = world.trial("Trial with a note").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let page = format!("/desk/a/{}", article.id);
    let hostile = "Is 31% right?\r\n<script>alert(1)</script> & \"so\" on";
    for _ in 0..2 {
        let done = maria.post(&format!("{page}/note"), &[("note", hostile), ("view", "?topic=ecpr")]).await;
        assert_eq!((done.status, done.location()), (303, format!("{page}?topic=ecpr#notes").as_str()));
    }
    maria.post(&format!("{page}/note"), &[("note", " \n ")]).await;
    let mut viewer = world.person("viewer@example.org", Role::Viewer).await;
    let read = viewer.get(&page).await;
    assert_eq!(read.text(".notes .note-text"), hostile.replace("\r\n", " "), "once, whatever was clicked");
    assert!(!read.body.contains("<script>alert") && read.text(".notes form").is_empty());
    assert!(read.text(".notes .muted").starts_with("maria, today"));
    assert!(viewer.get("/desk").await.text("#rows .badges").contains("1 note"));
    let mut admin = world.person("admin@example.org", Role::Admin).await;
    let trail = admin.get("/desk/audit.csv?act=note").await;
    assert!(trail.body.contains("maria@example.org") && trail.body.contains("Is 31% right?"));
    assert_eq!(maria.post("/desk/a/999/note", &[("note", "x")]).await.status, 404);
}

#[tokio::test]
async fn who_types_is_told_to_the_others_until_they_stop() {
    let world = World::start().await;
    let article = world.trial("Trial of two").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let mut jonas = world.person("jonas@example.org", Role::Editor).await;
    let page = format!("/desk/a/{}", article.id);
    let here = format!("{page}/here");
    assert_eq!(maria.post(&here, &[]).await.text(".presence"), "", "nobody else");
    assert_eq!(maria.get(&page).await.text(".presence"), "", "and not herself");
    assert!(jonas.get(&page).await.text(".presence").contains("maria is editing"));
    assert!(jonas.post(&here, &[]).await.text(".presence").contains("maria"));
    maria.decide(&article, "save", &[("title", "T"), ("summary", "S.")]).await;
    assert_eq!(jonas.get(&page).await.text(".presence"), "", "she saved");
    assert!(maria.get(&page).await.text(".presence").contains("jonas"));
    world.wait(2 * MINUTE_MS);
    assert_eq!(maria.get(&page).await.text(".presence"), "", "a hint runs out");
    assert_eq!(jonas.post("/desk/a/999/here", &[]).await.status, 200, "nobody is nowhere");
}

#[tokio::test]
async fn one_box_adds_what_is_new_and_leads_to_what_is_known_even_if_it_was_rejected() {
    let world = World::start().await;
    let known = world.trial("A trial that waits in the queue").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let opened = maria
        .get("/desk/add?id=10.9999%2Fx.1&url=https%3A%2F%2Fe.org%2F%22%3E%3Cscript%3E&title=T%3Cb%3E")
        .await;
    assert_eq!(opened.values("#what", "value"), ["10.9999/x.1"]);
    assert_eq!(opened.values("#found-title", "value"), ["T<b>"]);
    assert!(!opened.body.contains("\"><script>"));
    for nothing in ["", "ecmo", "javascript:alert(1)"] {
        let refused = maria.post("/desk/add", &[("what", nothing)]).await;
        assert_eq!(refused.status, 422, "{nothing}");
        assert!(refused.text("#what-error").contains("no PMID"));
        assert_eq!(refused.values("#what", "value"), [nothing], "it is still there");
    }
    let added = maria.post("/desk/add", &[("what", "https://pubmed.ncbi.nlm.nih.gov/39000001/?x=1")]).await;
    assert!(added.location().ends_with("?said=added"), "{}", added.location());
    let page = maria.get(added.location()).await;
    assert_eq!(page.text("h1"), "PMID 39000001");
    assert!(
        page.text(".addition").contains("Added by maria")
            && page.text(".addition").contains("is being looked up")
    );
    assert!(page.text("[role=status]").contains("Added."));
    let again = maria.post_and_follow("/desk/add", &[("what", "PMID 39000001")]).await;
    assert!(again.text("[role=status]").contains("already") && again.text("h1") == "PMID 39000001");
    assert_eq!(maria.get("/desk?why=hand").await.text("#rows .row-title"), "PMID 39000001");
    // the placeholder is no title to publish
    let id: i64 =
        added.location().trim_start_matches("/desk/a/").trim_end_matches("?said=added").parse().unwrap();
    let article = world.store.article(id).await.unwrap().unwrap();
    let early =
        maria.decide(&article, "approve", &[("title", "PMID 39000001"), ("summary", "It worked.")]).await;
    assert_eq!(early.status, 422);
    assert!(early.text("#errors").contains("looked up"), "{}", early.text("#errors"));

    maria.decide(&known, "reject", &[("reason", "low_evidence")]).await;
    let pmid = known.ids.pmid.unwrap().to_string();
    for name in [format!("PMID: {pmid}"), "a trial that waits in the Queue".into()] {
        let led = maria.post_and_follow("/desk/add", &[("what", &name)]).await;
        assert!(
            led.text(".standing").contains("Rejected (Low evidence) by maria"),
            "{}",
            led.text(".standing")
        );
    }
    assert_eq!(world.store.article(known.id).await.unwrap().unwrap().status, Status::Rejected);
}

#[tokio::test]
async fn a_look_up_that_fails_says_so_and_can_be_asked_for_again() {
    use perfuse::store::Lookup;
    let world = World::start().await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let added = maria.post("/desk/add", &[("what", "10.9999/nobody.1")]).await;
    let page = added.location().split('?').next().unwrap().to_owned();
    let id: i64 = page.trim_start_matches("/desk/a/").parse().unwrap();
    let later = Some(world.now().plus_ms(DAY_MS));
    let failed = Lookup::Failed { message: "PubMed: no <answer>".into(), next_at: later };
    world.store.record_lookup(id, failed, world.now()).await.unwrap();
    let shown = maria.get(&page).await;
    assert!(shown.text(".addition").contains("no <answer>") && shown.text(".addition").contains("tomorrow"));
    assert!(shown.values("[data-waits]", "class").is_empty());
    assert_eq!(world.store.due_additions(world.now(), 9).await.unwrap().len(), 0);
    assert_eq!(maria.post(&format!("{page}/look-up"), &[]).await.status, 303);
    tokio::time::timeout(std::time::Duration::from_secs(5), world.bell.notified())
        .await
        .expect("nobody rang");
    assert_eq!(world.store.due_additions(world.now(), 9).await.unwrap().len(), 1);
    world.store.record_lookup(id, Lookup::Unknown, world.now()).await.unwrap();
    assert!(maria.get(&page).await.text(".addition").contains("Neither PubMed"));
    assert_eq!(world.store.addition(id).await.unwrap().unwrap().state, AdditionState::Unknown);
}

#[tokio::test]
async fn an_item_without_source_is_written_checked_and_published_by_hand() {
    let world = World::start().await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let bare = maria
        .post("/desk/add", &[("what", "https://example.org/guidance/7"), ("found_title", "Page title")])
        .await;
    assert_eq!(bare.status, 200);
    assert!(
        bare.values("#link", "value") == ["https://example.org/guidance/7"]
            && bare.text("#title") == "Page title"
    );
    let wrong = [
        ("title", " "),
        ("link", "javascript:alert(1)"),
        ("published_on", "2026-13"),
        ("summary", "Kept & here."),
    ];
    let refused = maria.post("/desk/add/item", &wrong).await;
    assert_eq!((refused.status, refused.values("#errors li", "class").len()), (422, 0));
    assert_eq!(refused.text("#errors li").matches('.').count(), 3, "{}", refused.text("#errors"));
    assert_eq!(refused.text("#summary"), "Kept & here.");

    let item = [
        ("title", "Guidance on CO<sub>2</sub> from the society"),
        ("link", "https://example.org/guidance/7"),
        ("published_on", "2026-11"),
        ("authors", "The Made-up Society; Ann Fixture"),
        ("summary", "Flow is kept above 2.4 L/min per square metre."),
        ("status", "approved"),
        ("role", "admin"),
    ];
    let page = maria.post_and_follow("/desk/add/item", &item).await;
    assert_eq!(page.text("h1"), "Guidance on CO2 from the society");
    assert!(page.text(".addition").contains("No source stands behind it"));
    assert!(page.text(".marks").contains("2.4"), "{}", page.text(".marks"));
    let id: i64 = page.values(".work", "data-article")[0].parse().unwrap();
    let article = world.store.article(id).await.unwrap().unwrap();
    assert_eq!((article.status, article.authors.len()), (Status::Queued, 2));
    let form = [("title", item[0].1), ("summary", item[4].1)];
    let refused = maria.decide(&article, "approve", &form).await;
    assert_eq!(refused.status, 422);
    let key = refused.values("input[name=acknowledged]", "value").remove(0);
    let done = maria.decide(&article, "approve", &[form[0], form[1], ("acknowledged", &key)]).await;
    assert_eq!(done.status, 303);
    world.wait(DAY_MS);
    assert_eq!(world.titles_in_public().await, ["Guidance on CO₂ from the society"]);
    let again = maria.post_and_follow("/desk/add", &[("what", "guidance on CO₂ from the Society")]).await;
    assert!(again.text("[role=status]").contains("already"), "{}", again.text("[role=status]"));
}

#[tokio::test]
async fn an_item_and_a_note_survive_an_ended_session() {
    let world = World::start().await;
    let article = world.trial("Trial").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    world.wait(400 * DAY_MS);
    let note = format!("/desk/a/{}/note", article.id);
    let item = [("title", "Long title"), ("summary", "Long & careful."), ("authors", "A;B")];
    for (action, fields) in
        [(note.as_str(), &[("note", "Half an hour's \"work\".")][..]), ("/desk/add/item", &item[..])]
    {
        let ended = maria.post(action, fields).await;
        assert_eq!(ended.status, 401);
        assert!(ended.text(".lead").contains("What you typed is kept"), "{}", ended.text(".lead"));
        let kept = ended.values("input[name=kept]", "value");
        let mut again = vec![("email", "maria@example.org"), ("password", PASSWORD), ("kept_action", action)];
        again.extend(kept.iter().map(|kept| ("kept", kept.as_str())));
        let mut fresh = world.browser();
        let resumed = fresh.post("/desk/sign-in", &again).await;
        assert_eq!(resumed.status, 200);
        for (name, value) in fields {
            assert_eq!(resumed.text(&format!("textarea[name={name}]")), *value);
        }
        assert!(world.store.notes(article.id).await.unwrap().is_empty(), "signing in sends nothing");
    }
}

#[tokio::test]
async fn a_search_shows_where_the_words_stand_and_what_the_list_leaves_out() {
    let world = World::start().await;
    let one = world.trial("Haemolysis & <i>flow</i>").await;
    let two = world.trial("Hemolysis elsewhere").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    maria.decide(&two, "reject", &[]).await;
    let found = maria.get("/desk?q=haemolysis").await;
    assert_eq!(found.text("#rows .row-title"), "Haemolysis & flow");
    assert_eq!(found.text("#rows .row-title mark"), "Haemolysis");
    assert!(found.text(".row-snippet mark").contains("haemolysis"));
    assert!(found.text(".elsewhere").starts_with('1'));
    let everywhere = found.values(".elsewhere a", "href").remove(0);
    let all = maria.get(&everywhere).await;
    assert!(
        all.text("#rows").contains("Hemolysis elsewhere") && all.text("#rows .badges").contains("Rejected")
    );
    let page = maria.get(&format!("/desk/a/{}?q=haemolysis", one.id)).await;
    assert_eq!(page.text("h1 mark"), "Haemolysis");
    assert!(page.text(".abstract mark.term").contains("haemolysis"));
    // every sentence of the draft leads to the abstract, and back
    let (to, back) = (page.values(".draft a", "href"), page.values(".abstract a.to-draft", "href"));
    assert!(!to.is_empty() && to.len() == back.len(), "{to:?} {back:?}");
    for link in to.iter().chain(&back) {
        let target = format!("[id={:?}]", link.trim_start_matches('#'));
        assert_eq!(page.values(&target, "id").len(), 1, "{link}");
    }
    let reason = page.values(".why a", "href").remove(0);
    assert_eq!(maria.get(&reason).await.text("#rows .row-title"), "Haemolysis & flow");
    assert_eq!(maria.get("/desk?study=rct").await.text("#rows .row-title"), "Haemolysis & flow");
    assert!(maria.get("/desk?study=editorial").await.text("#rows .row-title").is_empty());
}

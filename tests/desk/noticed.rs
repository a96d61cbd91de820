//! What happened to published works, as editors meet it: on top of the queue, side by side, with one question.

use perfuse::domain::editor::Role;
use perfuse::domain::notice::{Change, Finding, NoticeKind, NoticeSource, NoticeState, SummaryHolds};
use perfuse::domain::time::MINUTE_MS;

use super::world::World;

const SUMMARY: &str = "Mortality fell from 40% to 31%.";

fn correction() -> Finding {
    Finding {
        citation: "J Invent Perfus. 2026 Nov;12(9):900.".into(),
        changes: vec![Change {
            field: "Abstract: results".into(),
            before: "Mortality fell from 40% to 31%.".into(),
            after: "Mortality fell from 40% to 36%.".into(),
        }],
        ..Finding::new(NoticeKind::Correction, NoticeSource::Pubmed)
    }
}

/// A published article and its editor.
async fn published(world: &World) -> (perfuse::domain::article::Article, super::world::Browser) {
    let article = world.article("ECPR saves lives").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let fields = [("title", "ECPR saves lives"), ("summary", SUMMARY), ("topic", "ecpr")];
    assert_eq!(maria.decide(&article, "approve", &fields).await.status, 303);
    world.wait(MINUTE_MS * 60);
    (article, maria)
}

#[tokio::test]
async fn a_correction_waits_on_top_with_what_changed_and_becomes_public_with_the_answer() {
    let world = World::start().await;
    let (article, mut maria) = published(&world).await;
    assert_eq!(maria.get("/desk").await.text(".noticed-list"), "");
    world.store.record_findings(article.id, vec![correction()], false, world.now()).await.unwrap();

    let queue = maria.get("/desk").await;
    assert!(queue.text(".noticed-list").contains("Correction ECPR saves lives Found"), "{}", queue.body);
    let link = queue.values(".noticed-list a", "href").remove(0);
    let page = maria.get(link.split('#').next().unwrap()).await;
    let shown = page.text(".noticed");
    assert!(shown.contains("A correction to this article has been published (source: PubMed)."), "{shown}");
    assert_eq!(page.text(".sides td"), "Mortality fell from 40% to 31%. Mortality fell from 40% to 36%.");
    assert!(shown.contains("Does the summary still hold?"), "{shown}");
    assert!(page.text(".work-head .badges").starts_with("Corrected"), "{}", page.text(".work-head .badges"));
    assert!(!maria.get(&format!("/a/{}", article.public_id)).await.body.contains("Corrected"));

    let act = page.values(".noticed form", "action").remove(0);
    assert_eq!(maria.post(&act, &[("answer", "perhaps")]).await.status, 400);
    let done = maria.post(&act, &[("answer", "yes")]).await;
    assert_eq!(done.status, 303);
    let page = maria.get(done.location()).await;
    assert!(page.text("[role=status]").contains("Your answer is recorded."));
    assert!(page.text(".noticed").contains("An editor said"), "{}", page.text(".noticed"));
    assert_eq!(page.values(".noticed form", "action"), Vec::<String>::new(), "nobody is asked twice");
    assert_eq!(maria.get("/desk").await.text(".noticed-list"), "");
    world.wait(MINUTE_MS);
    let public = maria.get(&format!("/a/{}", article.public_id)).await;
    assert!(public.text("h1").starts_with("[Corrected]"), "{}", public.text("h1"));
    assert!(
        public.text(".history").contains("Correction. Our text still holds."),
        "{}",
        public.text(".history")
    );
    assert!(!public.text(".history").contains("maria"), "names only where the society wants them");
    let notice = world.store.notices_of(article.id).await.unwrap().remove(0);
    assert_eq!((notice.state, notice.answered.unwrap().1), (NoticeState::Public, SummaryHolds::Yes));
}

#[tokio::test]
async fn a_retraction_marks_at_once_is_shown_until_answered_and_a_false_one_is_taken_off() {
    let world = World::with_settings(&[("PERFUSE__PUBLISH__SHOW_EDITOR_NAMES", "true")]).await;
    let (article, mut maria) = published(&world).await;
    let finding = Finding::new(NoticeKind::Retraction, NoticeSource::Pubmed);
    world.store.record_findings(article.id, vec![finding], false, world.now()).await.unwrap();
    world.wait(MINUTE_MS);
    let path = format!("/a/{}", article.public_id);
    assert!(maria.get(&path).await.text("h1").starts_with("[Retracted]"));
    let queue = maria.get("/desk").await;
    assert!(queue.text(".noticed-list").contains("The public item is marked already."), "{}", queue.body);

    let mut viewer = world.person("viewer@example.org", Role::Viewer).await;
    let page = viewer.get(&format!("/desk/a/{}", article.id)).await;
    assert!(page.text(".noticed").contains("retracted"));
    assert_eq!(page.values(".noticed form", "action"), Vec::<String>::new(), "a viewer is not asked");

    let page = maria.get(&format!("/desk/a/{}", article.id)).await;
    let act = page.values(".noticed form", "action").remove(0);
    assert_eq!(maria.post(&act, &[("answer", "not_ours")]).await.status, 303);
    world.wait(MINUTE_MS);
    let public = maria.get(&path).await;
    assert!(!public.text("h1").contains("Retracted"));
    assert!(
        public.text(".history").contains("found not to be about this work"),
        "{}",
        public.text(".history")
    );
    let again = maria.post(&act, &[("answer", "yes")]).await;
    assert_eq!(again.status, 409, "{}", again.body);
}

#[tokio::test]
async fn a_record_that_is_gone_is_asked_about_at_the_desk_and_readers_never_hear_of_it() {
    let world = World::start().await;
    let (article, mut maria) = published(&world).await;
    let path = format!("/a/{}", article.public_id);
    let before = maria.get(&path).await.body;
    let gone = Finding::record_gone(perfuse::domain::identity::Pmid(1));
    world.store.record_findings(article.id, vec![gone], false, world.now()).await.unwrap();
    let queue = maria.get("/desk").await;
    assert!(queue.text(".noticed-list").contains("Record gone from PubMed"), "{}", queue.body);

    let page = maria.get(&format!("/desk/a/{}", article.id)).await;
    let shown = page.text(".noticed");
    assert!(shown.contains("PubMed has the record of this article no longer (source: PubMed)."), "{shown}");
    assert!(shown.contains("Readers are not told of this, whatever you answer."), "{shown}");
    assert!(!shown.contains("becomes public"), "{shown}");
    let act = page.values(".noticed form", "action").remove(0);
    let done = maria.post(&act, &[("answer", "yes")]).await;
    let page = maria.get(done.location()).await;
    let shown = page.text(".noticed");
    assert!(shown.contains("Closed with the editors’ answer; readers are not told of it."), "{shown}");
    assert_eq!(page.values(".noticed form", "action"), Vec::<String>::new(), "nobody is asked twice");
    world.wait(MINUTE_MS);
    assert_eq!(maria.get(&path).await.body, before);
    for list in ["/notices", "/feeds/notices.rss", "/api/v1/notices"] {
        assert!(!maria.get(list).await.body.contains("ECPR saves lives"), "{list}");
    }
}

#[tokio::test]
async fn the_embed_page_has_a_snippet_for_each_site_builder_and_a_preview_of_what_was_chosen() {
    let world = World::start().await;
    let mut maria = world.person("maria@example.org", Role::Viewer).await;
    let page = maria.get("/desk/embed?count=3&topic=ecpr&links=page&theme=dark&heading-level=9&x=y").await;
    assert_eq!(page.status, 200);
    for name in ["WordPress", "Squarespace", "Wix", "Drupal", "Hugo", "Plain HTML"] {
        assert!(page.text(".builder h2").contains(name), "{name}");
    }
    let preview = page.values("iframe", "src").remove(0);
    assert_eq!(preview, "/embed/v1/frame?count=3&topic=ecpr&links=page&theme=dark");
    assert!(page.header("content-security-policy").contains("frame-src 'self'"));
    assert_eq!(maria.get(&preview).await.status, 200);
    let snippets = page.text(".builder code");
    let element = "<perfuse-news count=\"3\" topic=\"ecpr\" heading-level=\"3\" links=\"page\"";
    assert!(snippets.contains(element), "{snippets}");
    assert!(snippets.contains("/t/ecpr") && snippets.contains("/feeds/t/ecpr.rss"), "{snippets}");
    assert!(snippets.contains("resources.GetRemote") && snippets.contains("file_get_contents"), "{snippets}");
}

//! The lists of the desk: filters, search and the trail, at the store.

use perfuse::domain::article::Relevance;
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{AbstractSection, Entry, WorkKind};
use perfuse::domain::identity::{Identifiers, Pmid};
use perfuse::domain::text::RichText;
use perfuse::store::{AuditQuery, Judged, Judgement, Mark, QueueFilter, QueueOrder, Why};

use super::world::World;

async fn store(world: &World, pmid: u32, title: &str, text: &str, change: impl FnOnce(&mut Judged)) -> i64 {
    let entry = Entry {
        ids: Identifiers { pmid: Some(Pmid(pmid)), ..Identifiers::default() },
        title: RichText::parse(title),
        abstract_sections: vec![AbstractSection { text: RichText::from_plain(text), ..Default::default() }],
        complete: true,
        ..Entry::default()
    };
    let relevance = Relevance { score: f64::from(pmid), reasons: vec!["ECPR in the title".into()] };
    let judgement = Judgement { relevance, ..Judgement::default() };
    let mut judged = Judged { mark: Mark::of(&entry), entry, judgement };
    change(&mut judged);
    let source = world.store.import_source(world.now()).await.unwrap();
    world.store.record_entries(source, vec![judged], world.now()).await.unwrap();
    let found = world.store.queue(QueueFilter::default(), 0, 100).await.unwrap().0;
    found.into_iter().find(|article| article.ids.pmid == Some(Pmid(pmid))).unwrap().id
}

#[tokio::test]
async fn every_filter_finds_what_it_names_and_the_next_article_is_of_the_same_list() {
    let world = World::start().await;
    let one = store(&world, 1, "Haemolysis in ECPR", "Plain.", |judged| {
        judged.judgement.topics = vec!["ecpr".into()];
        judged.judgement.study = "rct".into();
    })
    .await;
    let two = store(&world, 2, "Bypass and hemolysis", "About 10<sup>9</sup>/L.", |judged| {
        judged.entry.kind = WorkKind::Preprint;
        judged.judgement.topics = vec!["ecpr-extra".into()];
        judged.judgement.relevance.reasons = vec!["“dental”: you published 2 of 3".into()];
    })
    .await;
    let three =
        store(&world, 3, "Nothing of it", "Hemolysis was mentioned once among other things.", |_| ()).await;
    let list = |filter: QueueFilter| {
        let store = world.store.clone();
        async move {
            let (articles, total) = store.queue(filter, 0, 10).await.unwrap();
            assert_eq!(articles.len() as i64, total);
            articles.into_iter().map(|article| article.id).collect::<Vec<_>>()
        }
    };
    let all = QueueFilter::default;
    assert_eq!(list(all()).await, [three, two, one]);
    assert_eq!(list(QueueFilter { topic: Some("ecpr".into()), ..all() }).await, [one], "not ecpr-extra");
    assert_eq!(list(QueueFilter { study: Some("rct".into()), ..all() }).await, [one]);
    assert_eq!(list(QueueFilter { kind: Some(WorkKind::Preprint), ..all() }).await, [two]);
    assert_eq!(list(QueueFilter { source: Some("import".into()), ..all() }).await, [three, two, one]);
    let why = |why| QueueFilter { why: Some(why), ..all() };
    assert_eq!(list(why(Why::Reason("“dental”: you published".into()))).await, [two]);
    assert_eq!(list(why(Why::Reason("\"%_\\".into()))).await, Vec::<i64>::new());
    assert_eq!((list(why(Why::Lifted)).await, list(why(Why::ByHand)).await), (vec![], vec![]));

    // a title says more than an abstract, whatever the rank
    let search = QueueFilter { words: Some("haemolysis".into()), order: QueueOrder::Match, ..all() };
    let found = list(search.clone()).await;
    assert_eq!((found.len(), found[2]), (3, three));
    let marked = world.store.mark_words("haemolysis", found.clone()).await.unwrap();
    assert!(marked[0].title.as_ref().unwrap().contains('\u{2}') && marked[0].snippet.is_none());
    assert!(
        marked[2].title.is_none()
            && marked[2].snippet.as_ref().unwrap().starts_with("\u{2}Hemolysis\u{3} was")
    );
    // the next one of a search follows also after the decision took the first out of the list
    assert_eq!(world.store.next_in_queue(search.clone(), found[0]).await.unwrap(), Some(found[1]));
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let article = world.store.article(found[0]).await.unwrap().unwrap();
    maria.decide(&article, "reject", &[]).await;
    assert_eq!(world.store.next_in_queue(search.clone(), found[0]).await.unwrap(), Some(found[1]));
    assert_eq!(list(QueueFilter { any_status: true, ..search.clone() }).await, found, "decided or not");
    assert_eq!(list(QueueFilter { words: Some("\" OR * -".into()), ..search }).await.len(), 0);
}

#[tokio::test]
async fn paging_the_trail_skips_nothing_of_one_millisecond_and_filters_count_whole_days() {
    let world = World::start().await;
    let article = world.article("One").await;
    let mut admin = world.person("admin@example.org", Role::Admin).await;
    admin.decide(&article, "reject", &[]).await;
    let me = world.store.editor_by_email("admin@example.org").await.unwrap().unwrap().id;
    for number in 0..7 {
        world.store.audit(Some(me), "pause", &format!("source {number}"), world.now()).await.unwrap();
        world.store.add_note(article.id, me, &format!("note {number}"), world.now()).await.unwrap();
    }
    let whole = world.store.audit_trail(AuditQuery::default(), 100).await.unwrap();
    let mut paged = Vec::new();
    let mut query = AuditQuery::default();
    loop {
        let page = world.store.audit_trail(query.clone(), 2).await.unwrap();
        let Some((place, _)) = page.last() else { break };
        query.after = Some(*place);
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    assert!(whole.iter().filter(|(_, row)| row.act == "note").count() == 7);
    let pauses = AuditQuery { act: Some("pause".into()), ..AuditQuery::default() };
    assert_eq!(world.store.audit_trail(pauses, 100).await.unwrap().len(), 7);
    let acts = world.store.audit_acts().await.unwrap();
    assert!(["note", "pause", "reject"].iter().all(|act| acts.contains(&(*act).to_owned())), "{acts:?}");
    let day = world.now().to_utc().format("%Y-%m-%d");
    let today = admin.get(&format!("/desk/audit?act=note&from={day}&to={day}")).await;
    assert_eq!(today.text(".act"), ["note"; 7].join(" "));
    assert!(admin.get("/desk/audit?to=2020-01-01").await.text(".act").is_empty());
    assert!(admin.get("/desk/audit?after=x&from=never").await.status == 200);
}

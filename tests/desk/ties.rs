//! Trials that an editor ties to an article, because neither its record nor its abstract names them.

use perfuse::domain::editor::Role;
use perfuse::domain::time::HOUR_MS;
use perfuse::domain::watch::WatchService;

use super::world::World;

#[tokio::test]
async fn an_editor_ties_a_trial_by_its_number_without_a_script_and_unties_it() {
    let world = World::start().await;
    let article = world.article("A design without a number").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let fields = [("title", "A design"), ("summary", "A trial is planned."), ("topic", "ecpr")];
    assert_eq!(maria.decide(&article, "approve", &fields).await.status, 303);
    world.wait(HOUR_MS);
    let (path, act) = (format!("/desk/a/{}", article.id), format!("/desk/a/{}/trial", article.id));
    let page = maria.get(&path).await;
    assert_eq!(page.values("#trials form", "action"), std::slice::from_ref(&act));

    let refused = maria.post(&act, &[("nct", "NCT12")]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("“NCT12” is not a number like NCT01234567."), "{}", refused.body);
    assert!(world.store.tied_trials(article.id).await.unwrap().is_empty());

    for _ in 0..2 {
        let tied = maria.post_and_follow(&act, &[("nct", " nct01234567 ")]).await;
        assert!(tied.text("[role=status]").contains("Tied"), "{}", tied.text("[role=status]"));
        assert_eq!(tied.values("#trials li a", "href"), ["https://clinicaltrials.gov/study/NCT01234567"]);
    }
    let watched = world.store.watch_of(article.id).await.unwrap();
    assert!(watched.iter().any(|(service, _)| *service == WatchService::Trials), "it is subscribed to");

    // a viewer sees it and cannot change it
    let mut viewer = world.person("viewer@example.org", Role::Viewer).await;
    let page = viewer.get(&path).await;
    assert!(page.text("#trials").contains("NCT01234567"), "{}", page.body);
    assert_eq!(page.values("#trials form", "action"), Vec::<String>::new());
    assert_eq!(viewer.post(&act, &[("nct", "NCT01234567"), ("untie", "1")]).await.status, 403);

    let untied = maria.post_and_follow(&act, &[("nct", "NCT01234567"), ("untie", "1")]).await;
    assert!(untied.text("[role=status]").contains("Untied"), "{}", untied.text("[role=status]"));
    assert!(!untied.text("#trials").contains("NCT01234567"));
    assert!(world.store.tied_trials(article.id).await.unwrap().is_empty());
    let trail = world.store.audit_trail(Default::default(), 50).await.unwrap();
    let acts = trail.iter().filter(|(_, row)| row.act.ends_with("tie trial")).count();
    assert_eq!(acts, 2, "each change once, with who made it");
    assert_eq!(maria.post("/desk/a/999999/trial", &[("nct", "NCT01234567")]).await.status, 404);
}

//! What a service said at the last look, kept to compare with the next: what is new, and which marks it has dropped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Update;
use crate::domain::identity::Nct;
use crate::domain::notice::{Finding, Notice, NoticeState};
use crate::domain::trial::TrialFacts;
use crate::domain::watch::{WatchService, is_same_notice};

/// Looks in a row that must miss a mark before it is taken for gone: a service that drops a field for a day has not
/// reinstated a paper.
const LOOKS_TO_LIFT: u32 = 2;

/// The last look at one article by one service, as the database keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Everything it said happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Finding>,
    /// Why, for `perfuse watch explain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Notices that it confirmed before and does not now: row id and in how many complete looks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<i64, u32>,
    /// Looks in a row to which it had no record of the work.
    #[serde(skip_serializing_if = "is_zero")]
    pub absent: u32,
    /// Links that were settled by the other's record: its PMID and what it is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settled: BTreeMap<u32, Update>,
    /// Of a preprint, the newest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Of trials, how they stood.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub trials: BTreeMap<Nct, TrialFacts>,
}

impl Snapshot {
    /// What the database kept; one that cannot be read is none, and the next look starts anew.
    pub fn read(json: Option<&str>) -> Self {
        json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// For the database.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Whether the service confirms a notice.
    pub fn confirms(&self, notice: &Finding) -> bool {
        self.said.iter().any(|said| is_same_notice(notice, said))
    }

    /// Whether `service`, whose last look this is, still stands by a notice: it confirms it, or said so once and has not
    /// missed it in enough complete looks of its own.
    pub fn stands_by(&self, service: WatchService, notice: &Notice) -> bool {
        let has_dropped = self.missing.get(&notice.id).is_some_and(|looks| *looks >= LOOKS_TO_LIFT);
        self.confirms(&notice.finding) || (speaks_of(service, &notice.finding) && !has_dropped)
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Whether the service said so, at a look or in a record that a source brought.
fn speaks_of(service: WatchService, finding: &Finding) -> bool {
    let mut sources = std::iter::once(finding.source).chain(finding.also.iter().copied());
    sources.any(|source| service.speaks_for(source))
}

/// Counts which of the article's marks `service` no longer confirms in `now`, and names those that it has dropped for
/// good. A mark that it never confirmed itself it cannot drop. What an incomplete look does not say stays as it was: it
/// counts for nothing.
pub fn note_look(
    service: WatchService,
    before: &Snapshot,
    now: &mut Snapshot,
    notices: &[Notice],
    is_complete: bool,
) -> Vec<i64> {
    let mut gone = Vec::new();
    for notice in notices {
        let stands = matches!(notice.state, NoticeState::Public | NoticeState::Waiting);
        let missed = before.missing.get(&notice.id).copied();
        let confirmed_before = before.confirms(&notice.finding) || missed.is_some();
        let is_mark = stands && notice.finding.kind.is_serious() && speaks_of(service, &notice.finding);
        if !is_mark || !confirmed_before || now.confirms(&notice.finding) {
            continue;
        }
        let looks = missed.unwrap_or(0) + u32::from(is_complete);
        if looks > 0 {
            now.missing.insert(notice.id, looks);
        }
        if is_complete && looks >= LOOKS_TO_LIFT {
            gone.push(notice.id);
        }
    }
    if !is_complete {
        let unsaid: Vec<_> = before.said.iter().filter(|said| !now.confirms(said)).cloned().collect();
        now.said.extend(unsaid);
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::{NoticeKind, NoticeSource};
    use crate::domain::time::UnixMs;

    /// A public retraction, said by these.
    fn notice(source: NoticeSource, also: &[NoticeSource]) -> Notice {
        Notice {
            id: 7,
            public_id: String::new(),
            article_id: 1,
            finding: Finding { also: also.to_vec(), ..Finding::new(NoticeKind::Retraction, source) },
            state: NoticeState::Public,
            found_at: UnixMs(0),
            public_at: Some(UnixMs(0)),
            lifted_at: None,
            answered: None,
        }
    }

    /// Looks of one service after each other: what it said each time, if that was complete. Gives the last snapshot and
    /// what each look dropped.
    fn looks(service: WatchService, notice: &Notice, said: &[(bool, bool)]) -> (Snapshot, Vec<bool>) {
        let mut before = Snapshot::default();
        let mut dropped = Vec::new();
        for (is_complete, says_so) in said {
            let mut now = Snapshot::default();
            now.said.extend(says_so.then(|| Finding::new(NoticeKind::Retraction, notice.finding.source)));
            let gone = note_look(service, &before, &mut now, std::slice::from_ref(notice), *is_complete);
            dropped.push(gone == [7]);
            before = Snapshot::read(Some(&now.to_json()));
        }
        (before, dropped)
    }

    #[test]
    fn an_incomplete_look_counts_for_nothing() {
        const SAYS: (bool, bool) = (true, true);
        const MISSES: (bool, bool) = (true, false);
        const HALF: (bool, bool) = (false, false);
        let notice = notice(NoticeSource::Pubmed, &[]);
        for (said, dropped) in [
            (vec![SAYS, HALF, HALF, HALF], 0),
            (vec![SAYS, MISSES, HALF, HALF], 0),
            (vec![SAYS, HALF, MISSES, HALF], 0),
            (vec![SAYS, MISSES, HALF, MISSES], 1),
            (vec![SAYS, HALF, MISSES, MISSES], 1),
            (vec![SAYS, MISSES, (false, true), MISSES], 0),
            (vec![SAYS, MISSES, SAYS, MISSES], 0),
        ] {
            let (_, gone) = looks(WatchService::Pubmed, &notice, &said);
            assert_eq!(gone.iter().filter(|gone| **gone).count(), dropped, "{said:?}");
            assert_eq!(gone.last(), Some(&(dropped == 1)), "{said:?}");
        }
    }

    #[test]
    fn a_service_stands_by_a_mark_until_it_has_missed_it_twice_itself() {
        let notice = notice(NoticeSource::Pubmed, &[NoticeSource::CrossrefPublisher]);
        let stands = |said: &[(bool, bool)]| {
            looks(WatchService::Crossref, &notice, said).0.stands_by(WatchService::Crossref, &notice)
        };
        assert!(stands(&[(true, true)]));
        assert!(stands(&[(true, true), (true, false)]), "its first miss is not enough");
        assert!(stands(&[(true, true), (true, false), (false, false)]));
        assert!(!stands(&[(true, true), (true, false), (true, false)]));
        assert!(stands(&[]), "it said so in a record that a source brought");
        assert!(!Snapshot::default().stands_by(WatchService::Preprints, &notice), "it never said so");
    }

    #[test]
    fn a_mark_is_dropped_only_at_the_second_look_and_only_by_who_confirmed_it() {
        let retraction = Finding::new(NoticeKind::Retraction, NoticeSource::Pubmed);
        let notice = notice(NoticeSource::Pubmed, &[]);
        let look = |before: &Snapshot, said: &[Finding]| {
            let mut now = Snapshot { said: said.to_vec(), ..Snapshot::default() };
            let gone = note_look(WatchService::Pubmed, before, &mut now, std::slice::from_ref(&notice), true);
            (now, gone)
        };
        let (none, gone) = look(&Snapshot::default(), &[]);
        assert!(gone.is_empty() && none.missing.is_empty(), "it never said so itself");
        let (said, gone) = look(&none, std::slice::from_ref(&retraction));
        assert!(gone.is_empty());
        let (once, gone) = look(&said, &[]);
        assert!(gone.is_empty() && once.missing[&7] == 1);
        let (back, gone) = look(&once, &[retraction]);
        assert!(gone.is_empty() && back.missing.is_empty());
        let (_, gone) = look(&Snapshot::read(Some(&once.to_json())), &[]);
        assert_eq!(gone, [7]);
        assert_eq!(Snapshot::read(Some("nonsense")), Snapshot::default());
    }
}

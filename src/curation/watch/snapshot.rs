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
    /// Notices that it confirmed before and does not now: row id and in how many looks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<i64, u32>,
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
}

/// Counts which of the article's marks `service` no longer confirms in `now`, and names those that it has dropped for
/// good. A mark that it never confirmed itself it cannot drop.
pub fn note_look(
    service: WatchService,
    before: &Snapshot,
    now: &mut Snapshot,
    notices: &[Notice],
) -> Vec<i64> {
    let mut gone = Vec::new();
    for notice in notices {
        let stands = matches!(notice.state, NoticeState::Public | NoticeState::Waiting);
        let speaks = std::iter::once(notice.finding.source)
            .chain(notice.finding.also.iter().copied())
            .any(|source| service.speaks_for(source));
        let confirmed_before = before.confirms(&notice.finding) || before.missing.contains_key(&notice.id);
        if !stands || !speaks || !notice.finding.kind.is_serious() || !confirmed_before {
            continue;
        }
        if !now.confirms(&notice.finding) {
            let looks = before.missing.get(&notice.id).copied().unwrap_or(0) + 1;
            now.missing.insert(notice.id, looks);
            if looks >= LOOKS_TO_LIFT {
                gone.push(notice.id);
            }
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::{NoticeKind, NoticeSource};
    use crate::domain::time::UnixMs;

    #[test]
    fn a_mark_is_dropped_only_at_the_second_look_and_only_by_who_confirmed_it() {
        let retraction = Finding::new(NoticeKind::Retraction, NoticeSource::Pubmed);
        let notice = Notice {
            id: 7,
            public_id: String::new(),
            article_id: 1,
            finding: retraction.clone(),
            state: NoticeState::Public,
            found_at: UnixMs(0),
            public_at: Some(UnixMs(0)),
            lifted_at: None,
            answered: None,
        };
        let look = |before: &Snapshot, said: &[Finding]| {
            let mut now = Snapshot { said: said.to_vec(), ..Snapshot::default() };
            let gone = note_look(WatchService::Pubmed, before, &mut now, std::slice::from_ref(&notice));
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

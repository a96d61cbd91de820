//! The links between records: what one work says of another, in its registry's words.

use serde::{Deserialize, Serialize};

use super::identity::Identifiers;
use super::notice::NoticeSource;
use super::time::PartialDate;

/// How a record says it stands to another (PubMed `CommentsCorrections` RefType, Crossref `update-to`, preprint links).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// This work was retracted by the other.
    RetractionIn,
    /// This is the notice that retracts the other.
    RetractionOf,
    /// A part of this work was retracted by the other.
    PartialRetractionIn,
    /// This is the notice that retracts a part of the other.
    PartialRetractionOf,
    /// This work was withdrawn by the other (Crossref `withdrawal`).
    WithdrawalIn,
    /// This is the notice that withdraws the other.
    WithdrawalOf,
    /// This work was removed, as the other says (Crossref `removal`).
    RemovalIn,
    /// This is the notice of the other's removal.
    RemovalOf,
    /// The other is a newer version of this (Crossref `new_version`, `new_edition`).
    NewVersionIn,
    /// This is a newer version of the other.
    NewVersionOf,
    /// Concern about this work is expressed in the other.
    ExpressionOfConcernIn,
    /// This expresses concern about the other.
    ExpressionOfConcernFor,
    /// This work is corrected by the other.
    ErratumIn,
    /// This corrects the other.
    ErratumFor,
    /// Changed by the other in a way whose name is not known here; the citation says it.
    OtherUpdateIn,
    /// Changes the other in such a way.
    OtherUpdateOf,
    /// Republished with corrections as the other.
    CorrectedAndRepublishedIn,
    /// The corrected republication of the other.
    CorrectedAndRepublishedFrom,
    /// Updated by the other: preprint → paper, a Cochrane update, or only a letter (`UpdateIn`).
    UpdateIn,
    /// Updates the other (`UpdateOf`).
    UpdateOf,
    /// Published again elsewhere.
    RepublishedIn,
    /// Published before as the other.
    RepublishedFrom,
    /// The other comments on this one.
    CommentIn,
    /// This comments on the other.
    CommentOn,
}

impl Relation {
    /// Whether a record that says this of another is a notice about it: it retracts, withdraws, removes, doubts or
    /// corrects it.
    pub fn is_of_notice(self) -> bool {
        matches!(
            self,
            Self::RetractionOf
                | Self::PartialRetractionOf
                | Self::WithdrawalOf
                | Self::RemovalOf
                | Self::ExpressionOfConcernFor
                | Self::ErratumFor
        )
    }

    /// The relation for PubMed's `RefType`; `None` for kinds that change nothing (`Cites`, `AssociatedDataset`, …).
    pub fn from_ref_type(ref_type: &str) -> Option<Self> {
        Some(match ref_type {
            "RetractionIn" => Self::RetractionIn,
            "RetractionOf" => Self::RetractionOf,
            "PartialRetractionIn" => Self::PartialRetractionIn,
            "PartialRetractionOf" => Self::PartialRetractionOf,
            "ExpressionOfConcernIn" => Self::ExpressionOfConcernIn,
            "ExpressionOfConcernFor" => Self::ExpressionOfConcernFor,
            "ErratumIn" => Self::ErratumIn,
            "ErratumFor" => Self::ErratumFor,
            "CorrectedandRepublishedIn" => Self::CorrectedAndRepublishedIn,
            "CorrectedandRepublishedFrom" => Self::CorrectedAndRepublishedFrom,
            "UpdateIn" => Self::UpdateIn,
            "UpdateOf" => Self::UpdateOf,
            "RepublishedIn" => Self::RepublishedIn,
            "RepublishedFrom" => Self::RepublishedFrom,
            "CommentIn" => Self::CommentIn,
            "CommentOn" => Self::CommentOn,
            _ => return None,
        })
    }
}

/// Another work that a record points at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedWork {
    /// How they stand.
    pub relation: Relation,
    /// The other's identifiers; may be empty where the record has only a citation.
    #[serde(default)]
    pub ids: Identifiers,
    /// The citation as the record words it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub citation: String,
    /// When it was said, where the registry dates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed_on: Option<PartialDate>,
    /// Who said it, where the registry repeats others (Crossref `source`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_by: Option<NoticeSource>,
}

impl RelatedWork {
    /// A link of which nothing else is known.
    pub fn new(relation: Relation, ids: Identifiers) -> Self {
        Self { relation, ids, citation: String::new(), noticed_on: None, said_by: None }
    }
}

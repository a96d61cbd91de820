//! An item's article in the formats of reference managers.

use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::document::Page;
use super::{Public, PublicError, item};
use crate::publish::citation::CitationFormat;

/// `/a/{id}.{ris,bib,csl.json}`
pub(super) async fn one(
    public: &Public,
    headers: &HeaderMap,
    id: &str,
    format: CitationFormat,
) -> Result<Response, PublicError> {
    let key = format!("/a/{id}.{}", format.extension());
    public
        .answer(headers, &key, || async move {
            let now = public.now();
            let item = item::find(public, id, now).await?;
            if item.public_id != id {
                let to = format!("/a/{}.{}", item.public_id, format.extension());
                return Err(PublicError::Moved(to));
            }
            let bytes = format.render(std::slice::from_ref(&item));
            let name = format!("attachment; filename=\"{}.{}\"", item.public_id, format.extension());
            Ok(Page::new(media_type(format), bytes).with(header::CONTENT_DISPOSITION, &name))
        })
        .await
}

/// With the encoding, which old importers need to be told.
pub(super) fn media_type(format: CitationFormat) -> &'static str {
    match format {
        CitationFormat::Ris => "application/x-research-info-systems; charset=utf-8",
        CitationFormat::BibTex => "application/x-bibtex; charset=utf-8",
        CitationFormat::CslJson => CitationFormat::CslJson.media_type(),
    }
}

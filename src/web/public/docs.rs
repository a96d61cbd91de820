//! The API's description, made from the code: OpenAPI 3.1 for programs, a page for people.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::ServerBuilder;

use super::page::{Chrome, page_or_error, render};
use super::{AppState, Page, PublicError, api};
use crate::domain::news::Site;
use crate::publish::json::{
    AuthorJson, JournalJson, NewsJson, NewsListJson, ProblemJson, TopicJson, TopicListJson, to_bytes,
};
use crate::publish::json_notice::{ChangeJson, FirstReportJson, NoticeEntryJson, NoticeJson, NoticeListJson};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "News",
        version = "1",
        description = "Approved research news. No key is needed, and pages of other sites may ask (CORS). Fields and \
                       parameters may be added; none is changed or taken away.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(api::list, api::one, api::topics, api::notices),
    components(schemas(
        NewsListJson,
        NewsJson,
        AuthorJson,
        JournalJson,
        NoticeListJson,
        NoticeEntryJson,
        NoticeJson,
        ChangeJson,
        FirstReportJson,
        TopicListJson,
        TopicJson,
        ProblemJson
    ))
)]
struct Api;

/// The document, naming this instance as its server.
fn describe(site: &Site) -> Value {
    let mut document = Api::openapi();
    document.info.title.clone_from(&site.title);
    document.servers = Some(vec![ServerBuilder::new().url(site.public_url.clone()).build()]);
    // a document without a serialisable form would be a defect of the macros
    serde_json::to_value(document).unwrap_or_default()
}

/// `/api/openapi.json`
pub(super) async fn document(
    State(app): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, PublicError> {
    let public = &app.public;
    public
        .answer(&headers, "/api/openapi.json", || async move {
            Ok(Page::new("application/json", to_bytes(&describe(&public.site))))
        })
        .await
}

#[derive(Template)]
#[template(path = "public/api.html")]
struct ApiPage {
    chrome: Chrome,
    introduction: String,
    operations: Vec<Operation>,
    schemas: Vec<Schema>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    description: String,
    /// `(name, description)`.
    parameters: Vec<(String, String)>,
    /// `(status, description)`.
    responses: Vec<(String, String)>,
}

struct Schema {
    name: String,
    description: String,
    /// `(name, description)`.
    fields: Vec<(String, String)>,
}

/// `/api`
pub(super) async fn page(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let public = &app.public;
    let answer = public
        .answer(&headers, "/api", || async move {
            let document = describe(&public.site);
            render(&ApiPage {
                chrome: Chrome::new(public, "", &public.texts.t("site-api").to_string(), "/api"),
                introduction: text(&document["info"]["description"]),
                operations: members(&document["paths"])
                    .flat_map(|(path, methods)| {
                        members(methods).map(move |method| read_operation(path, method))
                    })
                    .collect(),
                schemas: members(&document["components"]["schemas"]).map(read_schema).collect(),
            })
        })
        .await;
    page_or_error(public, answer)
}

fn read_operation(path: &str, (method, operation): (&String, &Value)) -> Operation {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        parameters: parameters.iter().map(|item| (text(&item["name"]), text(&item["description"]))).collect(),
        responses: members(&operation["responses"])
            .map(|(status, response)| (status.clone(), text(&response["description"])))
            .collect(),
    }
}

fn read_schema((name, schema): (&String, &Value)) -> Schema {
    Schema {
        name: name.clone(),
        description: text(&schema["description"]),
        fields: members(&schema["properties"])
            .map(|(name, field)| (name.clone(), text(&field["description"])))
            .collect(),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Without the back-quotes of documentation comments.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}

//! Somebody with a browser: cookies, forms with their hidden fields, redirects after a POST.

use std::collections::BTreeMap;

use reqwest::{Client, StatusCode, header};
use scraper::{Html, Selector};

use super::service::Service;

/// A visitor with a cookie jar of their own.
pub(crate) struct Visitor {
    client: Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

/// A page as it came.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Visitor {
    pub(crate) fn at(service: &Service) -> Self {
        Self::at_url(service.url(""))
    }

    pub(crate) fn at_url(base: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, base, cookies: BTreeMap::new() }
    }

    /// Somebody who set a password through their one-time link and is signed in.
    pub(crate) async fn signed_in(service: &Service, link: &str) -> Self {
        Self::signed_in_at(service.url(""), link).await
    }

    pub(crate) async fn signed_in_at(base: String, link: &str) -> Self {
        let mut visitor = Self::at_url(base);
        let page = visitor.get(link).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let page = visitor.submit(&page, link, &[("password", "seven pumps on a quiet ward")]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.path.starts_with("/desk"), "{}", page.path);
        visitor
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.get_with(path, &[]).await
    }

    /// Goes on at another address with the same cookies.
    pub(crate) fn move_to(&mut self, base: String) {
        self.base = base;
    }

    /// `None` where nobody answers to the end.
    pub(crate) async fn try_get(&mut self, path: &str) -> Option<Page> {
        let request = self.client.get(format!("{}{path}", self.base)).header("cookie", self.cookie());
        self.try_take(path, request.send().await.ok()?).await
    }

    pub(crate) async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.client.get(format!("{}{path}", self.base)).header("cookie", self.cookie());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.take(path, request.send().await.unwrap()).await
    }

    pub(crate) async fn head(&mut self, path: &str) -> Page {
        let request = self.client.head(format!("{}{path}", self.base)).header("cookie", self.cookie());
        self.take(path, request.send().await.unwrap()).await
    }

    /// Sends the hidden fields of the page's form for `action` with `fields`, as a browser does, and follows the 303.
    pub(crate) async fn submit(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = page.hidden_fields(action);
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let sent = self.post(action, &form).await;
        match sent.headers.get(header::LOCATION) {
            Some(location) if sent.status == 303 => {
                let location = location.to_str().unwrap().to_owned();
                self.get(&location).await
            }
            _ => sent,
        }
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(String, String)]) -> Page {
        self.try_post(path, form).await.unwrap_or_else(|| panic!("POST {path} was not answered"))
    }

    /// `None` where nobody answers to the end.
    pub(crate) async fn try_post(&mut self, path: &str, form: &[(String, String)]) -> Option<Page> {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header("cookie", self.cookie()).header("origin", self.base.clone()).form(form);
        self.try_take(path, request.send().await.ok()?).await
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    async fn take(&mut self, path: &str, response: reqwest::Response) -> Page {
        self.try_take(path, response).await.unwrap()
    }

    async fn try_take(&mut self, path: &str, response: reqwest::Response) -> Option<Page> {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.ok()?;
        assert!(!body.contains('⟦'), "{path}: a text or its argument is missing:\n{body}");
        Some(Page { status, headers, path: path.to_owned(), body })
    }
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The fields that the form for `action` sends by itself: hidden ones, checked boxes, and typed texts.
    pub(crate) fn hidden_fields(&self, action: &str) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.body);
        let forms = Selector::parse("form").unwrap();
        let inputs = Selector::parse("input[name], textarea[name]").unwrap();
        let buttons = Selector::parse("button[formaction]").unwrap();
        let form = html.select(&forms).find(|form| {
            form.attr("action") == Some(action)
                || form.select(&buttons).any(|button| button.attr("formaction") == Some(action))
        });
        let form = form.unwrap_or_else(|| panic!("{}: no form for {action}:\n{}", self.path, self.body));
        let sent = form.select(&inputs).filter_map(|field| {
            let name = field.attr("name")?.to_owned();
            if field.value().name() == "textarea" {
                return Some((name, field.text().collect()));
            }
            match field.attr("type") {
                Some("hidden") => Some((name, field.attr("value").unwrap_or_default().to_owned())),
                Some("checkbox") if field.attr("checked").is_some() => {
                    Some((name, field.attr("value").unwrap_or("on").to_owned()))
                }
                _ => None,
            }
        });
        sent.collect()
    }
}

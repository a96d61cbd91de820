//! A language model behind an OpenAI-compatible endpoint (`POST …/chat/completions`): one question, one answer.
//!
//! Written against the API reference of OpenAI (chat completions), which Ollama, vLLM and llama.cpp speak too. It reads
//! `choices[0].message.content` and `model`, and nothing else. One call is one attempt; who calls keeps the budget.
//! Invariant: the key goes to the configured address alone, and into no message.

use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::fetch::{FetchError, FetchSettings, Fetcher, Request, Response};

/// Longer answers are no paragraph; thinking models say much before it.
const MOST_BYTES: usize = 256 * 1024;
/// Room for thinking and a paragraph.
const MOST_TOKENS: u32 = 4_000;

/// Where the model is.
#[derive(Debug, Clone)]
pub struct WordingSettings {
    /// With a trailing slash: `http://127.0.0.1:11434/v1/`.
    pub base_url: String,
    /// The model's name, as the service knows it.
    pub model: String,
    /// For the whole answer.
    pub timeout: Duration,
}

/// An answer, as the service gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the model said.
    pub text: String,
    /// Which model says it said it.
    pub model: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// The request failed; the message names the address.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The answer is not what the protocol has.
    #[error("{url}: the answer is not that of a chat completion: {why}")]
    BadAnswer {
        /// The endpoint.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Serialize)]
struct Chat<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    temperature: f32,
    max_tokens: u32,
    stream: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    model: Option<String>,
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
}

/// The client of one endpoint.
pub struct WordingService {
    fetcher: Fetcher,
    url: String,
    model: String,
}

impl WordingService {
    /// A client. Unlike feeds, whose addresses strangers choose, the endpoint is the operator's choice: it may be on this
    /// machine or in a private network, and on any port; redirects are not followed. `common` says who we are, and which
    /// proxy and certificates there are.
    ///
    /// # Errors
    /// [`FetchError::Setup`] as for [`Fetcher::new`].
    pub fn new(common: FetchSettings, settings: &WordingSettings) -> Result<Self, FetchError> {
        let fetcher = Fetcher::new(FetchSettings {
            allow_networks: vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())],
            first_byte_timeout: settings.timeout,
            total_timeout: settings.timeout,
            max_redirects: 0,
            max_body_bytes: MOST_BYTES,
            connections_per_host: 1,
            host_spacing: Duration::ZERO,
            host_jitter: Duration::ZERO,
            ..common
        })?;
        let url = format!("{}chat/completions", settings.base_url);
        Ok(Self { fetcher, url, model: settings.model.clone() })
    }

    /// Asks once.
    ///
    /// # Errors
    /// Whatever is not an answer, with the address and what is wrong, never with the key.
    pub async fn ask(
        &self,
        instructions: &str,
        text: &str,
        key: Option<&str>,
    ) -> Result<Answer, WordingError> {
        let chat = Chat {
            model: &self.model,
            messages: [
                Message { role: "system", content: instructions },
                Message { role: "user", content: text },
            ],
            temperature: 0.0,
            max_tokens: MOST_TOKENS,
            stream: false,
        };
        let body = serde_json::to_string(&chat).map_err(|error| self.bad(error.to_string()))?;
        match self.fetcher.post_json(&Request::new(self.url.as_str()), &body, key).await? {
            Response::Fetched(fetched) => self.read(&fetched.body),
            Response::NotModified { .. } => Err(self.bad("there is none".to_owned())),
        }
    }

    fn read(&self, body: &[u8]) -> Result<Answer, WordingError> {
        // where in the JSON, not what it holds: a service may repeat what it was sent
        let completion: Completion = serde_json::from_slice(body).map_err(|error| {
            self.bad(format!("{:?} at line {}", error.classify(), error.line()).to_lowercase())
        })?;
        let said = completion.choices.into_iter().next().and_then(|choice| choice.message.content);
        let text = said.ok_or_else(|| self.bad("it holds no message".to_owned()))?;
        let model = completion.model.filter(|model| !model.trim().is_empty());
        let model = model.unwrap_or_else(|| self.model.clone());
        Ok(Answer { text, model: crate::domain::text::fold_plain(&model, 200) })
    }

    fn bad(&self, why: String) -> WordingError {
        WordingError::BadAnswer { url: self.url.clone(), why }
    }
}

//! What letters say, as plain text and as the simplest HTML. Pure; every word of others is escaped where it is written.

use crate::domain::letter::Alert;
use crate::texts::Texts;

/// A letter, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// The body for those who read plain text.
    pub text: String,
    /// The same body as HTML.
    pub html: String,
    /// Whether the recipient chooses to get such letters, and finds the choice on the account page.
    pub is_subscribed: bool,
}

/// Whose letters they are: the society, its desk and its language.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// The society.
    pub society: &'a str,
    /// Where the desk is, without a slash at the end.
    pub public_url: &'a str,
    /// BCP 47.
    pub language: &'a str,
}

impl Sender<'_> {
    fn texts(&self) -> &'static Texts {
        Texts::of(self.language)
    }

    fn body(&self) -> Body {
        Body { text: String::new(), html: String::new(), lang: Texts::lang_for(self.language).to_owned() }
    }

    /// An invitation to the desk; `link` works once, for `hours`.
    pub fn invitation(&self, link: &str, hours: i64) -> Letter {
        self.one_time(["letter-invite-subject", "letter-invite", "letter-invite-link"], link, hours)
    }

    /// A link to set a new password.
    pub fn new_password(&self, link: &str, hours: i64) -> Letter {
        self.one_time(["letter-reset-subject", "letter-reset", "letter-reset-link"], link, hours)
    }

    fn one_time(&self, [subject, said, label]: [&'static str; 3], link: &str, hours: i64) -> Letter {
        let texts = self.texts();
        let mut body = self.body();
        body.paragraph(&texts.t(said).with("society", self.society).to_string());
        body.link(&texts.t(label).to_string(), link);
        body.paragraph(&texts.t("letter-link-life").with("hours", hours).to_string());
        body.finish(texts.t(subject).with("society", self.society).to_string(), false)
    }

    /// The top of the queue: `items` of the `waiting` articles, best first.
    pub fn digest(&self, items: &[DigestItem], waiting: i64) -> Letter {
        let texts = self.texts();
        let mut body = self.body();
        let said = texts.t("letter-digest").with("count", waiting).with("society", self.society);
        body.paragraph(&said.to_string());
        body.items(items, |id| format!("{}/desk/a/{id}", self.public_url));
        body.link(&texts.t("letter-open-queue").to_string(), &format!("{}/desk", self.public_url));
        body.paragraph(&texts.t("letter-digest-why").to_string());
        body.link(&texts.t("letter-settings").to_string(), &format!("{}/desk/account", self.public_url));
        let subject = texts.t("letter-digest-subject").with("count", waiting).with("society", self.society);
        body.finish(subject.to_string(), true)
    }

    /// Something that editors must know at once.
    pub fn alert(&self, alert: &Alert) -> Letter {
        let texts = self.texts();
        let mut body = self.body();
        for paragraph in &alert.paragraphs {
            body.paragraph(paragraph);
        }
        // a path of ours, whatever is stored
        let path = if alert.path.starts_with("/desk") { alert.path.as_str() } else { "/desk" };
        body.link(&texts.t("letter-open-desk").to_string(), &format!("{}{path}", self.public_url));
        body.paragraph(&texts.t("letter-alert-why").to_string());
        body.link(&texts.t("letter-settings").to_string(), &format!("{}/desk/account", self.public_url));
        body.finish(alert.subject.clone(), true)
    }
}

/// An article of a digest, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestItem {
    /// The article.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// "Perfusion · Nov 2026"
    pub meta: String,
    /// Why it stands where it stands.
    pub reasons: String,
}

struct Body {
    text: String,
    html: String,
    lang: String,
}

impl Body {
    fn paragraph(&mut self, text: &str) {
        let text = plain(text);
        self.text.push_str(&format!("{text}\n\n"));
        self.html.push_str(&format!("<p>{}</p>\n", escape(&text)));
    }

    fn link(&mut self, label: &str, url: &str) {
        self.text.push_str(&format!("{label}:\n{url}\n\n"));
        self.html.push_str(&format!("<p><a href=\"{}\">{}</a></p>\n", escape(url), escape(label)));
    }

    fn items(&mut self, items: &[DigestItem], url: impl Fn(i64) -> String) {
        self.html.push_str("<ol>\n");
        for (index, item) in items.iter().enumerate() {
            let (title, url) = (plain(&item.title), url(item.id));
            let below: Vec<String> =
                [&item.meta, &item.reasons].into_iter().map(|line| plain(line)).collect();
            let below = below.iter().filter(|line| !line.is_empty());
            self.text.push_str(&format!("{}. {title}\n", index + 1));
            self.html.push_str(&format!("<li><a href=\"{}\">{}</a>", escape(&url), escape(&title)));
            for line in below {
                self.text.push_str(&format!("   {line}\n"));
                self.html.push_str(&format!("<br>{}", escape(line)));
            }
            self.text.push_str(&format!("   {url}\n\n"));
            self.html.push_str("</li>\n");
        }
        self.html.push_str("</ol>\n");
    }

    fn finish(self, subject: String, is_subscribed: bool) -> Letter {
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{}</body>\n</html>\n",
            escape(&self.lang),
            escape(&plain(&subject)),
            self.html
        );
        Letter { subject, text: self.text.trim_end().to_owned() + "\n", html, is_subscribed }
    }
}

fn escape(text: &str) -> String {
    html_escape::encode_double_quoted_attribute(text).into_owned()
}

/// One line: what is a line of its own in a letter is ours.
fn plain(text: &str) -> String {
    let spaced: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: Sender<'_> =
        Sender { society: "Society of <Tests>", public_url: "https://news.example.org", language: "en" };

    #[test]
    fn a_digest_leads_to_the_queue_and_never_to_an_act() {
        let item = DigestItem {
            id: 7,
            title: "Flow <script>alert(1)</script>\r\nSubject: x".into(),
            meta: "Perfusion · Nov 2026".into(),
            reasons: "ECMO in the title; randomised".into(),
        };
        let letter = SENDER.digest(&[item], 12);
        assert!(
            letter.text.contains("1. Flow <script>alert(1)</script> Subject: x\n   Perfusion"),
            "{}",
            letter.text
        );
        assert!(letter.text.contains("https://news.example.org/desk/a/7\n"));
        assert!(
            !letter.html.contains("<script") && letter.html.contains("Society of &lt;Tests&gt;"),
            "{}",
            letter.html
        );
        for act in ["approve", "reject", "later", "undo", "<img", "<form"] {
            assert!(!letter.html.contains(act), "{act}");
        }
        assert!(letter.is_subscribed && letter.subject.contains("12"));
    }

    #[test]
    fn an_alert_leads_to_the_desk_whatever_is_stored() {
        let alert = |path: &str| Alert {
            subject: "Retracted".into(),
            paragraphs: vec!["It was <b>withdrawn</b>.".into()],
            path: path.into(),
        };
        let letter = SENDER.alert(&alert("/desk/a/7"));
        assert!(letter.text.contains("https://news.example.org/desk/a/7"));
        assert!(letter.html.contains("It was &lt;b&gt;withdrawn"));
        assert!(!SENDER.alert(&alert(".evil.example/")).text.contains("evil"));
    }
}

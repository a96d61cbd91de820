//! Files against code: every text that is asked for is there, with its arguments, and no other; templates say nothing
//! of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::{LANGUAGES, Texts};

/// Keys with the names of their arguments.
type Keys = BTreeMap<String, BTreeSet<String>>;

fn keys_of(source: &str) -> Keys {
    let resource = fluent_syntax::parser::parse(source).map_err(|(_, errors)| errors).unwrap();
    let mut keys = Keys::new();
    for entry in &resource.body {
        if let Entry::Message(message) = entry {
            let mut names = BTreeSet::new();
            collect(message.value.as_ref().unwrap(), &mut names);
            assert!(message.attributes.is_empty(), "{}", message.id.name);
            let twice = keys.insert(message.id.name.to_owned(), names);
            assert_eq!(twice, None, "{} stands there twice", message.id.name);
        }
    }
    keys
}

fn collect(pattern: &Pattern<&str>, names: &mut BTreeSet<String>) {
    let mut inline = |expression: &InlineExpression<&str>| match expression {
        InlineExpression::VariableReference { id } => {
            names.insert(id.name.to_owned());
        }
        InlineExpression::StringLiteral { .. } => {}
        other => panic!("a form that our texts do not use: {other:?}"),
    };
    let mut variants = Vec::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression: Expression::Inline(expression) } => inline(expression),
            PatternElement::Placeable { expression: Expression::Select { selector, variants: found } } => {
                inline(selector);
                variants.extend(found);
            }
        }
    }
    for variant in variants {
        collect(&variant.value, names);
    }
}

fn english() -> Keys {
    keys_of(LANGUAGES[0].1)
}

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) && !path.ends_with("texts/tests.rs") {
                found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// Keys as they are asked for, each with what follows.
fn calls(source: &str) -> impl Iterator<Item = (&str, &str)> {
    [".t(\"", ".html(\"", ".t(\n"].into_iter().flat_map(move |call| {
        source.match_indices(call).filter_map(|(at, call)| {
            let rest = source[at + call.len()..].trim_start().trim_start_matches('"');
            rest.split_once('"').filter(|(key, _)| !key.contains(['(', ' ']))
        })
    })
}

/// The arguments of a chain `).with("a", …).with("b", …)`.
fn arguments(mut rest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    while let Some(tail) = rest.trim_start_matches([')', ' ']).strip_prefix(".with(\"") {
        let (name, tail) = tail.split_once('"').unwrap();
        names.insert(name.to_owned());
        let mut depth = 1;
        let end = tail.find(|character| {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        rest = &tail[end.unwrap() + 1..];
    }
    names
}

#[test]
fn every_text_that_a_page_asks_for_is_in_the_file_with_its_arguments() {
    let keys = english();
    let mut faults = Vec::new();
    for (path, source) in files("src/web/templates", ".html") {
        for (key, rest) in calls(&source) {
            match keys.get(key) {
                None => faults.push(format!("{}: {key} is not in en.ftl", path.display())),
                Some(names) if *names != arguments(rest) => {
                    faults.push(format!("{}: {key} takes {names:?}", path.display()))
                }
                Some(_) => {}
            }
        }
    }
    for (path, source) in files("src", ".rs") {
        for (key, _) in calls(&source) {
            let Some(names) = keys.get(key) else {
                faults.push(format!("{}: {key} is not in en.ftl", path.display()));
                continue;
            };
            for name in names.iter().filter(|name| !source.contains(&format!(".with(\"{name}\""))) {
                faults.push(format!("{}: {key} takes ${name}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn markup_is_asked_for_as_markup_and_nothing_else_is() {
    for (path, source) in [files("src", ".rs"), files("src/web/templates", ".html")].concat() {
        let at = path.display();
        for (index, _) in source.match_indices(".t(\"") {
            let key = source[index + 4..].split('"').next().unwrap();
            assert!(!key.ends_with("-html"), "{at}: {key} is markup");
        }
        for (index, _) in source.match_indices(".html(\"") {
            let key = source[index + 7..].split('"').next().unwrap();
            assert!(key.ends_with("-html"), "{at}: {key} is not markup");
        }
    }
    let plain = english().into_keys().filter(|key| !key.ends_with("-html"));
    for key in plain {
        let line = LANGUAGES[0].1.lines().find(|line| line.starts_with(&format!("{key} ="))).unwrap();
        assert!(!line.contains(['<', '&']), "{line}");
    }
}

#[test]
fn no_text_is_left_in_the_file_that_nothing_asks_for() {
    let mut sources: Vec<String> = files("src", ".rs").into_iter().map(|(_, source)| source).collect();
    sources.extend(files("src/web/templates", ".html").into_iter().map(|(_, source)| source));
    let unused: Vec<String> = english()
        .into_keys()
        .filter(|key| !sources.iter().any(|source| source.contains(&format!("\"{key}\""))))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn another_language_has_no_key_argument_or_tag_that_english_lacks() {
    let english_keys = english();
    for (language, source) in LANGUAGES {
        for (key, names) in keys_of(source) {
            assert_eq!(english_keys.get(&key), Some(&names), "{language}: {key}");
        }
        let tags = |source: &str, key: &str| {
            let line = source.lines().find(|line| line.starts_with(&format!("{key} ="))).unwrap().to_owned();
            let tag = |piece: &str| piece.split_once('>').map(|(tag, _)| tag.to_owned());
            line.split('<').skip(1).filter_map(tag).collect::<BTreeSet<_>>()
        };
        for key in keys_of(source).into_keys().filter(|key| key.ends_with("-html")) {
            assert_eq!(tags(source, &key), tags(LANGUAGES[0].1, &key), "{language}: {key}");
        }
    }
}

/// What stands in templates in every language: names of formats and keys of the keyboard.
const SAME_EVERYWHERE: [&str; 12] = ["CSV", "JSON", "RSS", "j", "k", "a", "l", "r", "e", "o", "u", "m"];
/// Attributes that people read or hear.
const READ: [&str; 5] = [" aria-label=\"", " placeholder=\"", " title=\"", " alt=\"", " data-copy=\""];

#[test]
fn templates_say_nothing_of_their_own() {
    let mut faults = Vec::new();
    for (path, source) in files("src/web/templates", ".html") {
        let bare = without_expressions(&source);
        let texts = bare.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text);
        let attributes = READ.iter().flat_map(|name| {
            bare.match_indices(name).filter_map(|(at, name)| bare[at + name.len()..].split('"').next())
        });
        for text in texts.chain(attributes) {
            let words = text.split(|character: char| !character.is_alphabetic() && character != '-');
            for word in words.filter(|word| word.chars().any(char::is_alphabetic)) {
                if !SAME_EVERYWHERE.contains(&word) {
                    faults.push(format!("{}: {text:?}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// A template without `{{ … }}`, `{% … %}` and `{# … #}`.
fn without_expressions(source: &str) -> String {
    let mut bare = String::new();
    let mut rest = source;
    while let Some(start) = rest.find('{') {
        let close = match rest.as_bytes().get(start + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => "",
        };
        bare.push_str(&rest[..start]);
        rest = &rest[start..];
        rest = match rest.find(close).filter(|_| !close.is_empty()) {
            Some(end) => &rest[end + 2..],
            None => &rest[1..],
        };
    }
    bare + rest
}

#[test]
fn scripts_take_their_words_from_the_page() {
    for (path, source) in files("src/web/static", ".js") {
        for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let said =
                [".textContent = '", "note('", "'aria-label', '"].iter().find(|said| line.contains(*said));
            assert_eq!(said, None, "{}: {line}", path.display());
        }
    }
}

#[test]
fn a_language_that_is_half_done_says_the_rest_in_english() {
    const SPANISH: &str = "site-search = Buscar\n\
        topics-count = { $count ->\n    [one] { $count } noticia\n   *[other] { $count } noticias\n }\n\
        date-long = { $day } de { $month } de { $year }\nmonth-11 = noviembre\n";
    let texts = Texts::build("es", SPANISH, LANGUAGES[0].1);
    assert_eq!(texts.t("site-search").to_string(), "Buscar");
    assert_eq!(texts.t("site-archive").to_string(), "Archive");
    assert_eq!(texts.t("topics-count").with("count", 1).to_string(), "1 noticia");
    assert_eq!(texts.t("topics-count").with("count", 2_i64).to_string(), "2 noticias");
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    assert_eq!(texts.day(day), "22 de noviembre de 2026");
    assert_eq!(texts.day_near(day), "Sun 22 Nov");
}

#[test]
fn lang_tells_the_language_that_is_really_spoken() {
    assert_eq!(Texts::lang_for("en"), "en");
    assert_eq!(Texts::lang_for("en-GB"), "en-GB");
    assert_eq!(Texts::lang_for("de"), "en");
    assert_eq!(Texts::of("de").t("site-topics").to_string(), "Topics");
}

#[test]
fn arguments_of_markup_are_escaped_and_what_is_missing_is_seen() {
    let texts = Texts::of("en");
    let html = texts.html("list-empty-html").with("feed", "\"><script>").to_string();
    assert!(html.contains("&quot;&gt;&lt;script&gt;") && !html.contains("<script"), "{html}");
    assert_eq!(texts.t("no-such-text").to_string(), "⟦no-such-text⟧");
    assert!(texts.t("queue-found").to_string().starts_with("⟦queue-found"), "an argument is missing");
}

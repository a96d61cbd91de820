//! What an operator meets: settings in layers, and mistakes named with their place.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use perfuse::cli::check::describe_configuration;
use perfuse::config::{Catalog, ConfigError, DEFAULTS, Loaded, Origin, Settings};
use perfuse::domain::source::TopicScope;
use perfuse::domain::time::UnixMs;
use perfuse::worker::schedule::check_schedules;

fn load(file: Option<&Path>, env: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    Settings::load(file, env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn problems_of(env: &[(&str, &str)]) -> Vec<String> {
    let error = load(None, env).expect_err("these are mistakes");
    error.problems.iter().map(ToString::to_string).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_program_starts_from_its_own_defaults_and_each_is_explained() {
    let loaded = load(None, &[]).unwrap();
    assert_eq!(loaded.settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(loaded.settings.data_dir, Path::new("data"));
    assert!(loaded.values.iter().all(|shown| shown.origin == Origin::Default));
    let mut explained = false;
    for line in DEFAULTS.lines() {
        match line.chars().next() {
            Some('#') => explained = true,
            Some('[') | None => explained = false,
            // two settings may share one comment, on lines that follow each other
            Some(_) => assert!(explained, "no comment above {line}"),
        }
    }
}

#[test]
fn the_file_wins_over_the_defaults_and_the_environment_over_the_file() {
    let folder = folder();
    let file = write(
        &folder,
        "perfuse.toml",
        "data_dir = \"/srv/news\"\n\n[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"https://news.example.org\"\n\
         [fetch]\nallow_networks = [\"10.1.0.0/16\"]\n",
    );
    let loaded = load(Some(&file), &[("PERFUSE__SERVER__LISTEN", "[::1]:9000"), ("HOME", "/root")]).unwrap();
    assert_eq!(loaded.settings.server.listen.to_string(), "[::1]:9000");
    assert_eq!(loaded.settings.server.public_url.as_deref(), Some("https://news.example.org"));
    assert_eq!(loaded.settings.data_dir, Path::new("/srv/news"));
    assert_eq!(loaded.settings.fetch.allow_networks.len(), 1);
    let origin = |key| loaded.origin(key).unwrap().to_string();
    assert_eq!(origin("server.listen"), "PERFUSE__SERVER__LISTEN");
    assert_eq!(origin("server.public_url"), format!("{}:5", file.display()));
    assert_eq!(origin("data_dir"), format!("{}:1", file.display()));
    assert_eq!(origin("fetch.parallel"), "default");
}

#[test]
fn outputs_call_themselves_as_set_or_as_bound() {
    let unset = load(None, &[]).unwrap().settings.server;
    assert_eq!(unset.public_url_at("127.0.0.1:41234".parse().unwrap()), "http://127.0.0.1:41234");
    assert_eq!(unset.public_url_at("[::1]:8080".parse().unwrap()), "http://[::1]:8080");
    assert_eq!(unset.public_url_at("0.0.0.0:8080".parse().unwrap()), "http://localhost:8080");
    let set = load(None, &[("PERFUSE__SERVER__PUBLIC_URL", "https://news.example.org")]).unwrap();
    assert_eq!(set.settings.server.public_url_at("0.0.0.0:80".parse().unwrap()), "https://news.example.org");
}

#[test]
fn lists_in_variables_are_written_either_way() {
    for text in
        ["10.0.0.0/8,192.168.1.0/24", "10.0.0.0/8, 192.168.1.0/24,", r#"["10.0.0.0/8", "192.168.1.0/24"]"#]
    {
        let loaded = load(None, &[("PERFUSE__FETCH__ALLOW_NETWORKS", text)]).unwrap();
        let networks: Vec<String> =
            loaded.settings.fetch.allow_networks.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["10.0.0.0/8", "192.168.1.0/24"], "{text}");
    }
    let empty = load(None, &[("PERFUSE__FETCH__ALLOW_NETWORKS", "")]).unwrap();
    assert!(empty.settings.fetch.allow_networks.is_empty());
}

#[test]
fn a_bad_value_is_named_with_its_key_value_and_origin() {
    for (name, value, message) in [
        ("SERVER__LISTEN", "eighty", r#"server.listen: "eighty" is not an address like 127.0.0.1:8080"#),
        ("SERVER__LISTEN", "localhost:80", r#"server.listen: "localhost:80" is not an address like"#),
        (
            "SERVER__PUBLIC_URL",
            "news.example.org",
            "server.public_url: \"news.example.org\" is not an address like https",
        ),
        ("SERVER__PUBLIC_URL", "https://news.example.org/", "ends in a slash, which must go"),
        ("SERVER__PUBLIC_URL", "https://example.org/news", "has a path"),
        ("SERVER__PUBLIC_URL", "ftp://example.org", "is not an address like https"),
        ("SERVER__PUBLIC_URL", "https://me:pw@example.org", "is not an address like https"),
        ("SERVER__TRUSTED_PROXIES", "10.0.0.1", r#"server.trusted_proxies: "10.0.0.1" is not a network"#),
        ("SERVER__MAX_CONCURRENT_REQUESTS", "0", "0 is not between 1 and 100000"),
        ("SOCIETY__ACCENT", "teal", r#"society.accent: "teal" is not a colour like #0b5a78"#),
        ("SOCIETY__ACCENT", "#0b5a7é", "is not a colour"),
        ("SOCIETY__LANGUAGE", "English", "is not a language tag like en, de or pt-BR"),
        ("SOCIETY__CONTACT", "somewhere", "is neither a mail address nor a web address"),
        ("SOCIETY__LOGO", "/no/such/logo.svg", "does not exist"),
        ("SOCIETY__NAME", "  ", r#"society.name: "  " is empty"#),
        ("FETCH__CONTACT", "me", r#"fetch.contact: "me" is not a mail address like editors@example.org"#),
        ("FETCH__CONTACT", "a@b.org\r\nX: y", "is not a mail address"),
        ("FETCH__PARALLEL", "8.5", r#"fetch.parallel: "8.5" is not a whole number"#),
        ("FETCH__PARALLEL", "99999999999999999999", "is not a whole number"),
        ("FETCH__ALLOW_NETWORKS", "[10.0.0.0/8]", "is not a list"),
        ("FETCH__ALLOW_NETWORKS", "[1]", "1 is not a text in quotes"),
        ("NCBI__BASE_URL", "https://eutils.example.org/api", "does not end in a slash"),
        ("NCBI__TOOL", "my tool", r#"ncbi.tool: "my tool" is not one word"#),
        ("WORKER__TIME_ZONE", "Berlin", r#"worker.time_zone: "Berlin" is not a time zone like UTC"#),
        ("LOG__LEVEL", "loud", r#"log.level: "loud" is not error, warn, info"#),
        ("LOG__FORMAT", "xml", r#"log.format: "xml" is neither text nor json"#),
        ("SERVER__PORT", "80", "server.port: no such setting"),
        ("FETCH__PARALEL", "8", "fetch.paralel: no such setting; did you mean fetch.parallel?"),
        ("SERVER", "80", "server: is a section, not a setting"),
        ("DATA_DIR", "", r#"data_dir: "" is empty"#),
    ] {
        let variable = format!("PERFUSE__{name}");
        let problems = problems_of(&[(&variable, value)]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(&format!("{variable}: ")), "{}", problems[0]);
        assert!(problems[0].contains(message), "{}", problems[0]);
    }
}

#[test]
fn everything_wrong_is_told_at_once_and_by_line() {
    let folder = folder();
    let file = write(
        &folder,
        "perfuse.toml",
        "[server]\nlisten = 8080\nlsten = \"x\"\n\n[fetch]\nparallel = \"many\"\nallow_networks = \"10.0.0.0/8\"\n[colour]\nx = 1\n",
    );
    let error = load(Some(&file), &[("PERFUSE__NCBI__PAGE_SIZE", "9999")]).unwrap_err();
    let text = error.to_string().replace(&file.display().to_string(), "perfuse.toml");
    insta::assert_snapshot!(text, @r#"
    bad configuration, 6 problems:
      perfuse.toml:2: server.listen: 8080 is not a text in quotes
      perfuse.toml:3: server.lsten: no such setting; did you mean server.listen?
      perfuse.toml:6: fetch.parallel: "many" is not a whole number
      perfuse.toml:7: fetch.allow_networks: "10.0.0.0/8" is not a list in [brackets]
      perfuse.toml:9: colour.x: no such setting
      PERFUSE__NCBI__PAGE_SIZE: ncbi.page_size: 9999 is not between 1 and 500
    "#);
}

#[test]
fn a_file_that_is_missing_or_is_not_toml_is_named() {
    let error = load(Some(Path::new("/no/such/perfuse.toml")), &[]).unwrap_err().to_string();
    assert!(
        error.starts_with("bad configuration: /no/such/perfuse.toml: cannot read this file: "),
        "{error}"
    );
    let folder = folder();
    let file = write(&folder, "perfuse.toml", "[server]\nlisten = \"127.0.0.1:80\n");
    let error = load(Some(&file), &[]).unwrap_err().to_string();
    assert!(error.contains("perfuse.toml:2: "), "{error}");
    let file = write(&folder, "twice.toml", "[log]\nlevel = \"info\"\nlevel = \"warn\"\n");
    assert!(load(Some(&file), &[]).unwrap_err().to_string().contains("twice.toml:3: duplicate key"));
}

#[test]
fn values_that_contradict_each_other_are_refused() {
    let problems = problems_of(&[
        ("PERFUSE__FETCH__FIRST_BYTE_TIMEOUT_SECONDS", "60"),
        ("PERFUSE__DESK__SESSION_IDLE_HOURS", "800"),
    ]);
    assert_eq!(
        problems,
        [
            "PERFUSE__FETCH__FIRST_BYTE_TIMEOUT_SECONDS: fetch.first_byte_timeout_seconds: 60 is more than \
             fetch.total_timeout_seconds, 30",
            "PERFUSE__DESK__SESSION_IDLE_HOURS: desk.session_idle_hours: 800 is more than desk.session_days, 30",
        ]
    );
    let problems = problems_of(&[("PERFUSE__FETCH__TOTAL_TIMEOUT_SECONDS", "200")]);
    assert!(problems[0].starts_with("default: worker.lease_seconds: 300 is less than twice"), "{problems:?}");
}

#[test]
fn a_secret_comes_from_a_file_or_a_variable_and_is_never_shown() {
    let folder = folder();
    let key = write(&folder, "ncbi.key", "s3cr3t-value\n");
    let loaded = load(None, &[("PERFUSE__NCBI__API_KEY_FILE", key.to_str().unwrap())]).unwrap();
    assert_eq!(loaded.settings.ncbi.api_key.expose(), Some("s3cr3t-value"));
    assert_eq!(
        loaded.origin("ncbi.api_key").unwrap().to_string(),
        format!("{} (by PERFUSE__NCBI__API_KEY_FILE)", key.display())
    );
    let catalog = Catalog::load(&loaded.settings).unwrap();
    let report = describe_configuration(&loaded, &catalog, UnixMs(0)).unwrap();
    assert!(report.lines().any(|line| line.starts_with("ncbi.api_key ") && line.contains("(hidden)")));
    assert!(
        report.lines().any(|line| line.starts_with("server.metrics_token") && line.contains("(not set)"))
    );
    for text in [report, format!("{loaded:?}"), format!("{:?} {0}", loaded.settings.ncbi.api_key)] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }

    let file =
        write(&folder, "perfuse.toml", "[ncbi]\napi_key = \"s3cr3t-one\"\napi_key_file = \"ncbi.key\"\n");
    let both =
        write(&folder, "both.toml", &format!("[ncbi]\napi_key = \"s3cr3t-one\"\napi_key_file = {key:?}\n"));
    let empty = write(&folder, "empty.key", "\n");
    for (file, env, message) in [
        (Some(&file), vec![], "ncbi.api_key_file: cannot read \"ncbi.key\""),
        (Some(&both), vec![], "ncbi.api_key: is set twice, also by"),
        (None, vec![("PERFUSE__NCBI__API_KEY_FILE", empty.to_str().unwrap())], "is empty"),
        (None, vec![("PERFUSE__NCBI__API_KEY", "s3cr3t value")], "ncbi.api_key: (hidden) holds a space"),
        (None, vec![("PERFUSE__NCBI__TOOL_FILE", "/tmp/x")], "ncbi.tool_file: no such setting"),
    ] {
        let error = load(file.map(PathBuf::as_path), &env).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(message), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    // a variable wins over the file, and one that is passed on empty is no second secret
    let one = write(&folder, "one.toml", "[ncbi]\napi_key = \"s3cr3t-one\"\n");
    let key_file = ("PERFUSE__NCBI__API_KEY_FILE", key.to_str().unwrap());
    let loaded = load(Some(&one), &[("PERFUSE__NCBI__API_KEY", ""), key_file]).unwrap();
    assert_eq!(loaded.settings.ncbi.api_key.expose(), Some("s3cr3t-value"));
}

#[test]
fn advice_is_given_without_stopping_the_start() {
    let notes = |env: &[(&str, &str)]| load(None, env).unwrap().notes.join("\n");
    assert!(notes(&[]).contains("fetch.contact is not set"));
    assert_eq!(notes(&[("PERFUSE__FETCH__CONTACT", "editors@example.org")]), "");
    assert!(notes(&[("PERFUSE__SOCIETY__ACCENT", "#ffcc00")]).contains("its contrast to white is 1.5"));
    assert!(notes(&[("PERFUSE__SERVER__LISTEN", "0.0.0.0:80")]).contains("server.public_url is not set"));
    assert!(notes(&[("PERFUSE_SERVER_LISTEN", "0.0.0.0:80")]).contains(
        "the variable PERFUSE_SERVER_LISTEN is ignored: server.listen is set by PERFUSE__SERVER__LISTEN"
    ));
    assert!(!notes(&[("PERFUSE_SERVICE_HOST", "10.0.0.1"), ("PERFUSE_CONFIG", "x")]).contains("ignored"));
    assert!(notes(&[("PERFUSE__SERVER__PUBLIC_URL", "http://news.example.org")]).contains("without https"));
}

#[test]
fn a_list_of_the_operators_own_replaces_the_built_in_one() {
    let folder = folder();
    let sources = write(
        &folder,
        "sources.toml",
        "[[source]]\nname = \"ours\"\ntitle = \"Ours\"\nkind = \"feed\"\nurl = \"https://example.org/feed.xml\"\n",
    );
    let topics = write(&folder, "topics.toml", "[[topic]]\nname = \"all\"\ntitle = \"All\"\n");
    let loaded = load(None, &[("PERFUSE__SOURCES__FILE", sources.to_str().unwrap())]).unwrap();
    let catalog = Catalog::load(&loaded.settings).unwrap();
    assert_eq!(catalog.sources.len(), 1);
    let ours = catalog.source("ours").unwrap();
    assert!(ours.enabled && ours.schedule.is_none() && ours.topics.is_empty());
    assert_eq!(catalog.origin("ours").unwrap().to_string(), format!("{}:1", sources.display()));
    let shown = catalog.topics.iter().filter(|topic| topic.scope != TopicScope::Field).count();
    assert_eq!(shown, 12);

    // a scheme of one's own does not make the built-in sources wrong
    let loaded = load(None, &[("PERFUSE__TOPICS__FILE", topics.to_str().unwrap())]).unwrap();
    let catalog = Catalog::load(&loaded.settings).unwrap();
    assert_eq!(catalog.topics.len(), 1);
    assert!(catalog.sources.iter().all(|source| source.topics.is_empty()));
}

#[test]
fn mistakes_in_the_lists_are_named_with_file_line_and_entry() {
    let folder = folder();
    let sources = write(
        &folder,
        "sources.toml",
        r#"
[[source]]
name = "no-query"
title = "No query"
kind = "pubmed"

[[source]]
name = "Bad Name"
title = ""
kind = "feed"
url = "https://example.org/feed.xml"

[[source]]
name = "misspelt"
title = "Misspelt"
kind = "pubmed"
qurey = "x"

[[source]]
name = "open"
title = "Open bracket"
kind = "pubmed"
query = "(ECMO[tiab] OR ECLS[tiab]"
topics = ["nothing", "ecpr"]

[[source]]
name = "open"
title = "Name taken, local file"
kind = "feed"
url = "file:///etc/passwd"

[[source]]
name = "again"
title = "Same address"
kind = "feed"
url = "https://example.org/other.xml"
schedule = "0 6 * *"

[[source]]
name = "again-2"
title = "Same address"
kind = "feed"
url = "https://example.org/other.xml"

[[source]]
name = "kindless"
title = "Kind"
kind = "gopher"
url = "https://example.org/x.xml"

[[source]]
name = "both"
title = "Terms and numbers"
kind = "trials"
condition = "ARDS"
nct = ["NCT01234567"]

[[source]]
name = "number"
title = "Bad number"
kind = "trials"
nct = ["NCT1"]

[[source]]
name = "foreign"
title = "Foreign key"
kind = "europepmc"
query = "ECMO"
url = "https://example.org/x.xml"

[[source]]
name = "only-not"
title = "Preprints"
kind = "preprints"
server = "medrxiv"
query = "NOT mice"

[[source]]
name = "server"
title = "No server"
kind = "preprints"
server = "arxiv"
query = "ECMO"

[[source]]
name = "issn"
title = "Bad check digit"
kind = "crossref"
issn = ["0267-6591", "0267-6592"]

[settings]
x = 1
"#,
    );
    let loaded = load(None, &[("PERFUSE__SOURCES__FILE", sources.to_str().unwrap())]).unwrap();
    let error = Catalog::load(&loaded.settings).unwrap_err();
    let text = error.to_string().replace(&sources.display().to_string(), "sources.toml");
    insta::assert_snapshot!(text, @r#"
    bad configuration, 17 problems:
      sources.toml:2: source "no-query": a pubmed source has a query
      sources.toml:7: source "Bad Name": a name has 1 to 64 lower case letters, digits and inner hyphens
      sources.toml:7: source "Bad Name": title: is empty or holds a line break
      sources.toml:17: source "misspelt": unknown field `qurey`, expected one of `name`, `title`, `kind`, `query`, `url`, `condition`, `intervention`, `nct`, `server`, `issn`, `schedule`, `topics`, `enabled`
      sources.toml:19: source "open": topics: there is no topic "nothing"
      sources.toml:19: source "open": query: a ) is missing
      sources.toml:26: source "open": the name is taken, at sources.toml:19
      sources.toml:26: source "open": url: "file:///etc/passwd" is not an address like https://www.example.org/feed.xml
      sources.toml:39: source "again-2": url: the same as that of source "again"
      sources.toml:45: source "kindless": kind: "gopher" is none of "pubmed", "feed", "europepmc", "trials", "preprints", "crossref"
      sources.toml:51: source "both": a trials source has condition, intervention or both, or else a list nct
      sources.toml:58: source "number": nct: "NCT1" is not a number like NCT01234567
      sources.toml:64: source "foreign": url: a europepmc source has query, and no url
      sources.toml:71: source "only-not": query: only says what is not wanted, and would take everything else
      sources.toml:78: source "server": a preprints source has server = "medrxiv" or "biorxiv"
      sources.toml:85: source "issn": issn: "0267-6592" is no ISSN like 0267-6591 (or its last sign is wrong)
      sources.toml:91: settings: there is nothing but [[source]] in this file
    "#);
}

#[test]
fn a_crontab_line_that_cannot_be_read_is_named_like_any_other_value() {
    let folder = folder();
    let sources = write(
        &folder,
        "sources.toml",
        "[[source]]\nname = \"ours\"\ntitle = \"Ours\"\nkind = \"feed\"\nurl = \"https://example.org/feed.xml\"\n\
         schedule = \"0 0 30 2 *\"\n",
    );
    let loaded = load(
        None,
        &[
            ("PERFUSE__SOURCES__FILE", sources.to_str().unwrap()),
            ("PERFUSE__WORKER__SCHEDULE", "0 0 6 * * 1"),
        ],
    )
    .unwrap();
    let catalog = Catalog::load(&loaded.settings).unwrap();
    let problems: Vec<String> = check_schedules(&loaded, &catalog).iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2);
    assert!(
        problems[0].starts_with("PERFUSE__WORKER__SCHEDULE: worker.schedule: \"0 0 6 * * 1\" has 6 fields"),
        "{problems:?}"
    );
    assert!(
        problems[1].ends_with("sources.toml:1: source \"ours\": schedule: \"0 0 30 2 *\" never comes"),
        "{problems:?}"
    );
}

fn perfuse(arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perfuse"));
    command.args(arguments).env_clear().envs(env.iter().copied()).output().unwrap()
}

#[test]
fn the_exit_code_tells_bad_configuration_from_other_failures() {
    let good = perfuse(&["check"], &[("PERFUSE__WORKER__TIME_ZONE", "Europe/Berlin")]);
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    let report = String::from_utf8(good.stdout).unwrap();
    assert!(
        report.contains("worker.time_zone ") && report.contains("PERFUSE__WORKER__TIME_ZONE\n"),
        "{report}"
    );
    let ecpr = report.lines().find(|line| line.starts_with("ecpr ")).unwrap();
    assert_eq!(ecpr.matches(":11").count(), 3, "{ecpr}");
    assert!(report.ends_with("The configuration is good.\n"));

    let bad = perfuse(&["check"], &[("PERFUSE__SERVER__LISTEN", "eighty")]);
    assert_eq!(bad.status.code(), Some(78));
    assert!(bad.stdout.is_empty());
    assert_eq!(
        String::from_utf8(bad.stderr).unwrap(),
        "perfuse: bad configuration: PERFUSE__SERVER__LISTEN: server.listen: \"eighty\" is not an address like \
         127.0.0.1:8080\n"
    );
    assert_eq!(perfuse(&["check", "--config", "/no/such/file"], &[]).status.code(), Some(78));
    assert_eq!(perfuse(&["check", "--loud"], &[]).status.code(), Some(2));
}

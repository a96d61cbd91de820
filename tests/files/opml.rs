//! Feeds in and out as OPML, with the real binary.

use crate::support::program::{Place, can};
use crate::support::service::source;

/// A machine whose sources file is `sources`, in a file that the settings name.
fn place(sources: &str) -> Place {
    Place::new(sources, None)
}

fn feed(name: &str, url: &str, more: &str) -> String {
    source(name, &format!("kind = \"feed\"\nurl = {url:?}\n{more}"))
}

#[test]
fn what_is_exported_comes_in_again_as_it_was() {
    let sources = [
        feed("journal", "https://journal.example.org/feed?a=1&b=2", "topics = [\"ecpr\"]"),
        feed("plain", "https://plain.example.org/<x>", ""),
        feed("off", "https://off.example.org/", "enabled = false"),
        source("search", "kind = \"pubmed\"\nquery = \"ECMO\""),
    ];
    let from = place(&sources.concat());
    let exported = from.run(&["source", "export-opml"]).done();
    assert!(
        exported.err.contains("2 sources are left out") && exported.err.contains("off, search"),
        "{exported:?}"
    );
    assert!(!from.path("data").exists(), "no database is needed");

    let to = place("");
    to.write("feeds.opml", &exported.out);
    let printed = to.run(&["source", "import-opml", "feeds.opml"]).done();
    assert!(
        printed.out.contains("[[source]]\nname = \"journal\"") && printed.err.contains("2 feeds, 2 new"),
        "{printed:?}"
    );
    assert_eq!(std::fs::read_to_string(to.path("sources.toml")).unwrap(), "", "printing changes nothing");
    to.run(&["source", "import-opml", "feeds.opml", "--append"]).done();
    let check = to.run(&["source", "export-opml"]).done();
    assert_eq!(check.out, exported.out);
    let again = to.run(&["source", "import-opml", "feeds.opml", "--append"]).done();
    assert!(
        again.err.contains("line 7: https://journal.example.org/feed?a=1&b=2 is source \"journal\" already"),
        "{again:?}"
    );
    assert!(again.err.contains("0 added"), "{again:?}");
    assert_eq!(to.run(&["source", "export-opml"]).done().out, exported.out);

    if can("newsboat", &["--version"], "newsboat reads what is exported") {
        let mut command = std::process::Command::new("newsboat");
        command.env("HOME", to.path("")).arg("-i").arg(to.path("feeds.opml"));
        let read = command.output().unwrap();
        let urls = std::fs::read_to_string(to.path(".newsboat/urls")).unwrap();
        assert!(read.status.success() && urls.contains("https://journal.example.org/feed?a=1&b=2"), "{urls}");
    }
}

#[test]
fn a_broken_nested_list_loses_nothing_and_names_what_cannot_be_used() {
    let place = place(&feed("known", "https://known.example.org/", ""));
    let list = "<opml><body>\n<outline text=\"Heart & lung\"><outline text=\"ECPR\">\n\
        <outline title=\"Perfusion & <more>\" xmlUrl=\"https://a.example.org/?x=1&y=2\"/></outline>\n\
        <outline text=\"Perfusion & more\" xmlUrl=\"feed://b.example.org/rss\"/>\n\
        <outline text=\"Known\" xmlUrl=\"https://known.example.org/\"/>\n\
        <outline text=\"Again\" xmlUrl=\"https://a.example.org/?x=1&amp;y=2\"/>\n\
        <outline text=\"Bad\" xmlUrl=\"javascript:alert(1)\"/>\n\
        <outline xmlUrl=\"https://c.example.org/\"/>\n<outline text=\"cut of";
    place.write("list.opml", list);
    let read = place.run(&["source", "import-opml", "list.opml", "--append"]).done();
    for note in [
        "list.opml: line 5: https://known.example.org/ is source \"known\" already",
        "list.opml: line 6: https://a.example.org/?x=1&y=2 is that of line 3 already",
        "list.opml: line 7: xmlUrl: \"javascript:alert(1)\" is not an address like",
        "list.opml: line 9: broken here",
        "6 feeds, 3 added",
    ] {
        assert!(read.err.contains(note), "{note}: {read:?}");
    }
    let file = std::fs::read_to_string(place.path("sources.toml")).unwrap();
    for part in [
        "# Heart & lung\n[[source]]\nname = \"perfusion-more\"\ntitle = \"Perfusion & <more>\"\nkind = \"feed\"\n\
         url = \"https://a.example.org/?x=1&y=2\"\ntopics = [\"ecpr\"]",
        "name = \"perfusion-more-2\"\ntitle = \"Perfusion & more\"\nkind = \"feed\"\nurl = \"http://b.example.org/rss\"",
        "name = \"c-example-org\"",
    ] {
        assert!(file.contains(part), "{part}: {file}");
    }
    place.run(&["check"]).done();
    place.write("page.opml", "<html>no list</html>");
    place
        .run(&["source", "import-opml", "page.opml"])
        .failed(1, &["this is no OPML", "no feed could be read"]);
    place.run(&["source", "import-opml", "missing.opml"]).failed(1, &["missing.opml"]);
}

#[test]
fn real_lists_of_other_programs_are_read_whole() {
    let Some(folder) = std::env::var_os("PERFUSE_CORPUS") else {
        eprintln!("skipped: real_lists_of_other_programs_are_read_whole (PERFUSE_CORPUS is not set)");
        return;
    };
    let mut feeds = 0;
    for file in std::fs::read_dir(std::path::Path::new(&folder).join("opml")).unwrap().flatten() {
        if file.path().extension().is_none_or(|extension| extension != "opml") {
            continue;
        }
        let bytes = std::fs::read(file.path()).unwrap();
        let list = perfuse::intake::opml::parse(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let addresses = text.matches("xmlUrl=\"").count() + text.matches("xmlurl=\"").count();
        assert_eq!(list.feeds.len(), addresses, "{}", file.path().display());
        feeds += list.feeds.len();
    }
    assert!(feeds > 250, "{feeds}");
}

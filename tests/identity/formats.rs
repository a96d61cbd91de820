//! Made-up works as PubMed, its feeds, Europe PMC, Crossref and publishers' feeds write them, each in its own manner.

use std::fmt::Write as _;

use super::generator::{DRUGS, Dice, Form, Sight, Work};

/// A document of a form that shows these works, in this order.
pub(crate) fn document(form: Form, shown: &[(&Work, &Sight)], dice: &mut Dice) -> String {
    let mut body = String::new();
    for (index, (work, sight)) in shown.iter().enumerate() {
        if index > 0 && matches!(form, Form::EuropePmc | Form::Crossref) {
            body.push(',');
        }
        match form {
            Form::PubmedXml => pubmed_record(&mut body, work, sight, dice),
            Form::EuropePmc => europepmc_result(&mut body, work, sight, dice),
            Form::Crossref => crossref_work(&mut body, work, dice),
            _ => feed_item(&mut body, form, work, sight, dice),
        }
    }
    match form {
        Form::PubmedXml => format!("<?xml version=\"1.0\"?><PubmedArticleSet>{body}</PubmedArticleSet>"),
        Form::EuropePmc => format!(
            "{{\"version\":\"6.9\",\"hitCount\":{},\"resultList\":{{\"result\":[{body}]}}}}",
            shown.len()
        ),
        Form::Crossref => format!(
            "{{\"status\":\"ok\",\"message-type\":\"work-list\",\"message\":{{\"total-results\":{},\"items\":[{body}]}}}}",
            shown.len()
        ),
        _ => format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
             xmlns:prism=\"http://prismstandard.org/namespaces/basic/2.0/\"><channel><title>An invented feed</title>\
             <link>https://feeds.example.org/</link><description>x</description>{body}</channel></rss>"
        ),
    }
}

/// The DOI in some of the clothes it wears.
fn dressed(doi: &str, dice: &mut Dice) -> String {
    let doi = match dice.below(3) {
        0 => doi.to_uppercase(),
        1 => doi.to_lowercase(),
        _ => doi.to_owned(),
    };
    format!("{}{doi}", dice.of(&["", "doi:", "https://doi.org/", "http://dx.doi.org/", "DOI: "]))
}

/// The title in some of the clothes it wears: markup (escaped once, or twice in feeds), a full stop, another hyphen.
fn titled(work: &Work, escapes: usize, dice: &mut Dice) -> String {
    let mut title = work.title.replace('&', "&amp;");
    if dice.percent(30) {
        let drug = DRUGS.iter().find(|drug| title.contains(**drug));
        if let Some(drug) = drug {
            let tag = dice.of(&["i", "em", "b", "sup"]);
            title = title.replacen(drug, &format!("<{tag}>{drug}</{tag}>"), 1);
        }
    }
    if dice.percent(30) {
        title.push('.');
    }
    if dice.percent(10) {
        title = title.replace('-', "\u{2010}");
    }
    if dice.percent(10) {
        title = title.replace(' ', "  ");
    }
    for _ in 0..escapes {
        title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    }
    title
}

fn pubmed_record(body: &mut String, work: &Work, sight: &Sight, dice: &mut Dice) {
    let pmid = work.pmid.unwrap_or_default();
    let mut authors = String::new();
    for (family, given) in &work.authors {
        let _ = write!(authors, "<Author><LastName>{family}</LastName><ForeName>{given}</ForeName></Author>");
    }
    let mut ids = format!("<ArticleId IdType=\"pubmed\">{pmid}</ArticleId>");
    if let Some(doi) = work.doi.as_ref().filter(|_| sight.gives_doi) {
        let _ = write!(ids, "<ArticleId IdType=\"doi\">{doi}</ArticleId>");
    }
    if let Some(pmcid) = &work.pmcid {
        let _ = write!(ids, "<ArticleId IdType=\"pmc\">{pmcid}</ArticleId>");
    }
    if let Some(pii) = &work.pii {
        let (issn, rest) = pii[1..].split_at(8);
        let _ = write!(
            ids,
            "<ArticleId IdType=\"pii\">S{}-{}({}){}-{}</ArticleId>",
            &issn[..4],
            &issn[4..],
            &rest[..2],
            &rest[2..7],
            &rest[7..]
        );
    }
    let about = work.about.as_ref().map_or(String::new(), |(reference, _, pmid, doi)| {
        let pmid = pmid.map_or(String::new(), |pmid| format!("<PMID>{pmid}</PMID>"));
        let doi = doi.as_ref().map_or(String::new(), |doi| format!(" doi: {doi}."));
        format!(
            "<CommentsCorrectionsList><CommentsCorrections RefType=\"{reference}\"><RefSource>Invented. 2025;1:1.{doi}\
             </RefSource>{pmid}</CommentsCorrections></CommentsCorrectionsList>"
        )
    });
    let _ = write!(
        body,
        "<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><JournalIssue><Volume>{}</Volume>\
         <PubDate><Year>{}</Year></PubDate></JournalIssue><Title>{}</Title></Journal><ArticleTitle>{}</ArticleTitle>\
         <Pagination><MedlinePgn>{}-9</MedlinePgn></Pagination><AuthorList>{authors}</AuthorList><PublicationTypeList>\
         <PublicationType>{}</PublicationType></PublicationTypeList></Article>{about}</MedlineCitation><PubmedData>\
         <ArticleIdList>{ids}</ArticleIdList></PubmedData></PubmedArticle>",
        work.volume,
        work.year,
        work.journal,
        titled(work, 0, dice),
        work.page,
        work.types
    );
}

fn europepmc_result(body: &mut String, work: &Work, sight: &Sight, dice: &mut Dice) {
    let names: Vec<String> = work
        .authors
        .iter()
        .map(|(family, given)| format!("{{\"lastName\":\"{family}\",\"firstName\":\"{given}\"}}"))
        .collect();
    let mut ids = String::new();
    if let Some(pmid) = work.pmid.filter(|_| sight.gives_pmid) {
        let _ = write!(ids, "\"pmid\":\"{pmid}\",");
    }
    if let Some(doi) = work.doi.as_ref().filter(|_| sight.gives_doi || !sight.gives_pmid) {
        let _ =
            write!(ids, "\"doi\":\"{}\",", if dice.percent(50) { doi.to_uppercase() } else { doi.clone() });
    }
    if let Some(pmcid) = &work.pmcid {
        let _ = write!(ids, "\"pmcid\":\"{pmcid}\",");
    }
    let _ = write!(
        body,
        "{{\"id\":\"E{}\",\"source\":\"{}\",{ids}\"title\":\"{}\",\"authorList\":{{\"author\":[{}]}},\"journalInfo\":\
         {{\"volume\":\"{}\",\"journal\":{{\"title\":\"{}\"}}}},\"pubYear\":\"{}\",\"pageInfo\":\"{}-9\",\
         \"pubTypeList\":{{\"pubType\":[\"{}\"]}},\"firstPublicationDate\":\"{}-03-01\"}}",
        work.number,
        if work.is_preprint { "PPR" } else { "MED" },
        titled(work, 0, dice),
        names.join(","),
        work.volume,
        work.journal,
        work.year,
        work.page,
        work.types,
        work.year
    );
}

fn crossref_work(body: &mut String, work: &Work, dice: &mut Dice) {
    let doi = work.doi.clone().unwrap_or_default();
    let doi = if dice.percent(50) { doi.to_uppercase() } else { doi.to_lowercase() };
    let names: Vec<String> = work
        .authors
        .iter()
        .map(|(family, given)| format!("{{\"family\":\"{family}\",\"given\":\"{given}\"}}"))
        .collect();
    let pii = work.pii.as_ref().map_or(String::new(), |pii| format!("\"alternative-id\":[\"{pii}\"],"));
    let about =
        work.about.as_ref().filter(|(.., doi)| doi.is_some()).map_or(String::new(), |(_, kind, _, doi)| {
            let doi = doi.clone().unwrap_or_default();
            format!("\"update-to\":[{{\"DOI\":\"{doi}\",\"type\":\"{kind}\"}}],")
        });
    let _ = write!(
        body,
        "{{\"DOI\":\"{doi}\",\"type\":\"{}\",{pii}{about}\"title\":[\"{}\"],\"container-title\":[\"{}\"],\
         \"volume\":\"{}\",\"page\":\"{}-9\",\"author\":[{}],\"issued\":{{\"date-parts\":[[{}]]}}}}",
        if work.is_preprint { "posted-content" } else { "journal-article" },
        titled(work, 0, dice),
        work.journal,
        work.volume,
        work.page,
        names.join(","),
        work.year
    );
}

fn feed_item(body: &mut String, form: Form, work: &Work, sight: &Sight, dice: &mut Dice) {
    let doi = work.doi.clone().unwrap_or_default();
    let tail = dice.of(&["?af=R", "?rss=1", "?utm_source=feed&amp;utm_medium=rss", ""]);
    let host = "https://publisher.example.org";
    let own = format!("{host}/item/{}", work.number);
    let (guid, link, more) = match form {
        Form::PubmedRss => {
            let pmid = work.pmid.unwrap_or_default();
            let said = match sight.gives_doi && work.doi.is_some() {
                true => format!("<dc:identifier>doi:{doi}</dc:identifier>"),
                false => String::new(),
            };
            let link = format!(
                "https://pubmed.ncbi.nlm.nih.gov/{pmid}/?utm_source=Other&amp;fc={}&amp;ff=1&amp;v=2",
                dice.below(99)
            );
            (format!("pubmed:{pmid}"), link, format!("<dc:identifier>pmid:{pmid}</dc:identifier>{said}"))
        }
        _ if form == Form::Bare || work.doi.is_none() && form != Form::ScienceDirect => {
            (format!("item-{}", work.number), format!("{own}{tail}"), String::new())
        }
        Form::Wiley => (doi.clone(), format!("{host}/doi/{doi}?af=R"), String::new()),
        Form::Silverchair => (
            format!("http://doi.org/{doi}"),
            format!("{own}?rss=1"),
            format!("<prism:doi>{}</prism:doi>", dressed(&doi, dice)),
        ),
        Form::ScienceDirect => {
            let pii = work.pii.clone().unwrap_or_default();
            let address = format!("https://www.sciencedirect.com/science/article/pii/{pii}");
            (address.clone(), format!("{address}?dgcid=rss_sd_all"), String::new())
        }
        _ => (
            own.clone(),
            format!("{host}/doi/abs/{}?af=R", doi.to_uppercase()),
            format!("<dc:identifier>{}</dc:identifier>", dressed(&doi, dice)),
        ),
    };
    let author = work.authors.first().map_or(String::new(), |(family, given)| {
        format!(
            "<dc:creator>{}</dc:creator>",
            if dice.percent(50) { format!("{given} {family}") } else { format!("{family}, {given}") }
        )
    });
    let _ = write!(
        body,
        "<item><title>{}</title><link>{link}</link><guid isPermaLink=\"false\">{guid}</guid>{more}{author}\
         <dc:source>{}</dc:source><prism:publicationDate>{}-03-01</prism:publicationDate>\
         <pubDate>Thu, 19 Nov 2026 10:00:00 +0000</pubDate></item>",
        titled(work, 1, dice),
        work.journal,
        work.year
    );
}

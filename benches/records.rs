//! PubMed XML: how fast 30,000 records are parsed, and imported in how much memory. `cargo bench --bench records`
//!
//! With `PERFUSE_PEER_PYTHON=…/python`, where `pubmed_parser` is installed, the same file goes through that, and ratios of
//! CPU time are printed. Goals: 20,000 records a second; at most 64 MB above idle; stored faster than the peer parses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::process::Command;
use std::time::Instant;

use perfuse::intake::pubmed::{Record, Records};
use support::{Dice, perfuse, place, run, verdict};

const RECORDS: u32 = 30_000;

fn main() {
    let folder = place("", "");
    let file = folder.path().join("many.xml");
    write_records(&file);
    let megabytes = std::fs::metadata(&file).unwrap().len() as f64 / 1e6;

    let mut best = f64::MAX;
    for _ in 0..3 {
        let begun = Instant::now();
        let records = Records::new(BufReader::with_capacity(256 * 1024, File::open(&file).unwrap()));
        let entries = records.map(Result::unwrap).filter(|record| matches!(record, Record::Entry(_))).count();
        assert_eq!(entries as u32, RECORDS);
        best = best.min(begun.elapsed().as_secs_f64());
    }
    let rate = f64::from(RECORDS) / best;
    println!(
        "parse   {rate:>8.0} records/s, {:.0} MB/s ({megabytes:.0} MB; goal 20,000: {})",
        megabytes / best,
        verdict(20_000.0, rate)
    );

    // idle is the same command with nothing to do
    std::fs::write(folder.path().join("none.xml"), "<PubmedArticleSet></PubmedArticleSet>").unwrap();
    run(&mut perfuse(folder.path(), &["migrate"]), false);
    let (idle, _) = run(&mut perfuse(folder.path(), &["import", "none.xml"]), false);
    let (first, said) = run(&mut perfuse(folder.path(), &["import", "many.xml"]), false);
    print!("        {said}");
    let above = first.peak_mb - idle.peak_mb;
    println!(
        "import  {:.1} s, {:.1} s CPU, {:.0} MB, {above:.0} MB above idle (goal 64: {})",
        first.wall_s,
        first.cpu_s,
        first.peak_mb,
        verdict(above, 64.0)
    );
    let (again, _) = run(&mut perfuse(folder.path(), &["import", "many.xml"]), false);
    println!("again   {:.1} s, {:.1} s CPU, {:.0} MB", again.wall_s, again.cpu_s, again.peak_mb);

    match std::env::var("PERFUSE_PEER_PYTHON") {
        Ok(python) => {
            let script = "import sys, pubmed_parser\n\
                          print(sum(1 for _ in pubmed_parser.parse_medline_xml(sys.argv[1])), 'records')";
            let mut peer = Command::new(python);
            peer.arg("-c").arg(script).arg(&file);
            let (peer, said) = run(&mut peer, false);
            print!(
                "peer    {:.1} s, {:.1} s CPU, {:.0} MB, only parsed: {said}",
                peer.wall_s, peer.cpu_s, peer.peak_mb
            );
            println!(
                "ratios  parsing {:.1} times as fast; importing takes {:.2} of its CPU (goal below 1: {})",
                peer.cpu_s / best,
                first.cpu_s / peer.cpu_s,
                verdict(first.cpu_s / peer.cpu_s, 1.0)
            );
        }
        Err(_) => println!("peer    not measured: PERFUSE_PEER_PYTHON is not set"),
    }
}

/// Records of the shape of PubMed's baseline files: half with structured abstracts, references, MeSH, affiliations.
fn write_records(path: &std::path::Path) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut dice = Dice::new(3);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<PubmedArticleSet>").unwrap();
    for number in 0..RECORDS {
        let pmid = 30_000_000 + number;
        let (year, doi) = (1995 + dice.below(32), format!("10.{}/made-up.{pmid}", 1000 + dice.below(9000)));
        let title = dice.prose(90);
        let mut text = String::new();
        if dice.below(20) < 9 {
            for (label, length) in
                [("BACKGROUND", 320), ("METHODS", 480), ("RESULTS", 560), ("CONCLUSIONS", 240)]
            {
                let prose = dice.prose(length);
                text += &format!(
                    "<AbstractText Label=\"{label}\" NlmCategory=\"{label}\">{prose} 10<sup>9</sup>/L</AbstractText>\n"
                );
            }
        } else {
            text = format!("<AbstractText>{}</AbstractText>\n", dice.prose(1_200));
        }
        let authors: String = (0..1 + dice.below(10))
            .map(|_| {
                let (name, place) = (dice.prose(8), dice.prose(70));
                format!("<Author ValidYN=\"Y\"><LastName>{name}</LastName><ForeName>Anna B</ForeName><Initials>AB</Initials>\n<AffiliationInfo><Affiliation>{place}</Affiliation></AffiliationInfo></Author>\n")
            })
            .collect();
        let mesh: String = (0..5 + dice.below(14))
            .map(|_| format!("<MeshHeading><DescriptorName UI=\"D001\" MajorTopicYN=\"N\">{}</DescriptorName></MeshHeading>\n", dice.prose(14)))
            .collect();
        let references: String = (0..dice.below(40))
            .map(|_| {
                let (citation, other) = (dice.prose(110), 1_000_000 + dice.below(30_000_000));
                format!("<Reference><Citation>{citation}</Citation><ArticleIdList><ArticleId IdType=\"pubmed\">{other}</ArticleId></ArticleIdList></Reference>\n")
            })
            .collect();
        writeln!(
            out,
            "<PubmedArticle><MedlineCitation Status=\"MEDLINE\" Owner=\"NLM\"><PMID Version=\"1\">{pmid}</PMID>\n\
             <Article PubModel=\"Print\"><Journal><ISSN IssnType=\"Electronic\">1477-111X</ISSN><JournalIssue CitedMedium=\"Internet\">\n\
             <Volume>41</Volume><Issue>8</Issue><PubDate><Year>{year}</Year><Month>Nov</Month></PubDate></JournalIssue>\n\
             <Title>{journal}</Title><ISOAbbreviation>Perf</ISOAbbreviation></Journal><ArticleTitle>{title} <i>in vitro</i>.</ArticleTitle>\n\
             <Pagination><MedlinePgn>101-9</MedlinePgn></Pagination><ELocationID EIdType=\"doi\" ValidYN=\"Y\">{doi}</ELocationID>\n\
             <Abstract>\n{text}</Abstract><AuthorList CompleteYN=\"Y\">\n{authors}</AuthorList><Language>eng</Language>\n\
             <PublicationTypeList><PublicationType UI=\"D016428\">Journal Article</PublicationType></PublicationTypeList></Article>\n\
             <MeshHeadingList>\n{mesh}</MeshHeadingList></MedlineCitation>\n<PubmedData><History><PubMedPubDate PubStatus=\"entrez\">\n\
             <Year>{year}</Year><Month>11</Month><Day>20</Day></PubMedPubDate></History><ArticleIdList>\n\
             <ArticleId IdType=\"pubmed\">{pmid}</ArticleId><ArticleId IdType=\"doi\">{doi}</ArticleId></ArticleIdList>\n\
             <ReferenceList>\n{references}</ReferenceList></PubmedData></PubmedArticle>",
            journal = dice.prose(30),
        )
        .unwrap();
    }
    writeln!(out, "</PubmedArticleSet>").unwrap();
    out.flush().unwrap();
}

# Parses citations back with rispy and bibtexparser; prints what they understood.
import json, sys
import rispy, bibtexparser

ris, bib = sys.argv[1:]
with open(ris, encoding="utf-8") as file:
    records = rispy.load(file)
with open(bib, encoding="utf-8") as file:
    if hasattr(bibtexparser, "parse_string"):
        entries = [{"ENTRYTYPE": e.entry_type, **{f.key: f.value for f in e.fields}} for e in bibtexparser.parse_string(file.read()).entries]
    else:
        entries = bibtexparser.load(file).entries
print(json.dumps({"ris": records, "bib": entries}))

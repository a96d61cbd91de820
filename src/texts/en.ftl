# Every text of pages and mail, in English. Syntax: projectfluent.org/fluent/guide.
# A key that ends in -html holds markup: keep its tags and addresses as they are. Names in braces are filled in.

## Months, weekdays, days

month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
month-short-1 = Jan
month-short-2 = Feb
month-short-3 = Mar
month-short-4 = Apr
month-short-5 = May
month-short-6 = Jun
month-short-7 = Jul
month-short-8 = Aug
month-short-9 = Sep
month-short-10 = Oct
month-short-11 = Nov
month-short-12 = Dec
# Monday is 1
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
weekday-short-1 = Mon
weekday-short-2 = Tue
weekday-short-3 = Wed
weekday-short-4 = Thu
weekday-short-5 = Fri
weekday-short-6 = Sat
weekday-short-7 = Sun
date-month = { $month } { $year }
date-long = { $day } { $month } { $year }
date-short = { $day } { $month } { $year }
date-near = { $weekday } { $day } { $month }
# $day is one of the dates above, $clock is 17:11
time-on = { $day }, { $clock }
time-today = today { $clock }
time-yesterday = yesterday { $clock }
time-tomorrow = tomorrow { $clock }

## Words used in many places

caution-preprint = Preprint, not peer reviewed.
caution-trial = Trial registration.
link-article = Article
link-free = Free full text
link-pubmed = PubMed
names-and = { $names } and { $last }
role-viewer = Viewer
role-editor = Editor
role-admin = Administrator
field-title = Title
field-summary = Summary
field-email = E-mail address
field-role = Role
act-approve = Approve
act-reject = Reject
act-later = Later
act-save = Save
act-requeue = Put back into the queue
act-withdraw = Take it back from the public
act-cancel = Do not publish it
act-undo = Undo
act-undo-all = Undo all { $count }
act-sign-in = Sign in
older = Older

## The website: frame

site-skip = Skip to the content
site-nav = Site
site-latest = Latest
site-topics = Topics
site-archive = Archive
site-notices = Notices
site-feeds = Feeds
site-embed = Embed
site-api = API
site-search = Search
site-search-label = Search the news
site-foot = Each paragraph was written or approved by our editors and is about somebody else’s work. Read the article before you act on it.
site-about = About the society
site-contact = Contact
site-foot-subscribe = Subscribe
site-foot-embed = Put this on your site
site-foot-api = API for programs
copy = Copy
copy-what = Copy { $what }
copied = Copied
copied-what = { $what } copied
not-copied = Not copied

## The website: lists

list-empty-html = Nothing has been published here yet. The <a href="{ $feed }">feed</a> will tell you when there is something.
list-pager = More news
list-newest = Newest
list-older = Older news
list-more = More
list-follow = Follow
list-follow-text = New items as they are published, in any feed reader.
list-feed = RSS feed
list-feeds = All feeds
# In front of RIS · BibTeX · CSL-JSON.
list-exports = For reference managers:
topics-empty = No topics are set up.
topics-count =
    { $count ->
        [one] { $count } item
       *[other] { $count } items
    }
topics-feed = RSS feed: { $topic }
archive-empty = Nothing has been published yet.

## The website: an item

item-changed-html = Changed on <time datetime="{ $day }">{ $text }</time>.
item-read = Read the article
item-work = The article
item-authors = Authors
item-published = Published
item-links = Links
item-cite = Cite
item-link = Link here
item-link-copy = link
item-why = Why is this here?
item-why-text = An editor of { $site } chose this article and approved the text above. The article itself is the authors’ and the journal’s.
item-seen-in = We saw it in { $sources }.

item-preprint = Preprint
history-title = History of this item
history-seen = First seen by us.
history-published = Approved and published.
history-edited = Our text was changed.
history-withdrawn = Taken back by the editors.
history-noticed = { $notice }.
history-noticed-holds = { $notice }. Our text still holds.
history-noticed-rewritten = { $notice }. Our text was rewritten.
history-lifted = { $notice }: holds no longer.
history-dismissed = { $notice }: found not to be about this work, and taken off.

## What happened to a work: the word before its title, the notice's name, the sentence

mark-retracted = Retracted
mark-removed = Removed
mark-withdrawn = Withdrawn
mark-partially-retracted = Partially retracted
mark-concern = Expression of concern
mark-corrected = Corrected
notice-retraction = Retraction
notice-removal = Removal
notice-withdrawal = Withdrawal
notice-partial-retraction = Partial retraction
notice-concern = Expression of concern
notice-record-gone = Record gone from PubMed
notice-republished = Corrected and republished
notice-correction = Correction
notice-other-update = Other update
notice-now-published = Preprint now published
notice-new-version = New version
notice-trial-stopped = Trial stopped
notice-results = Trial results posted
notice-trial-changed = Trial changed
notice-reinstatement = Reinstated
# each is $what of notice-told
event-retraction = This article has been retracted and should not be relied on
event-removal = The publisher has removed this article; it should not be relied on
event-withdrawal = This work has been withdrawn and should not be relied on
event-partial-retraction = A part of this article has been retracted
event-concern = The journal has published an expression of concern about this article
event-record-gone = PubMed has the record of this article no longer
event-republished = This article has been corrected and published again
event-correction = A correction to this article has been published
event-other-update = The publisher has registered an update of another sort of this article
event-now-published = This work, first reported as a preprint, is now published in a journal
event-new-version = There is a newer version of this work
event-trial-stopped = This trial has ended early
event-results = The registry has posted results of this trial
event-trial-changed = The registration of this trial has changed
event-reinstatement = A notice against this article has been taken back: the article stands again
said-pubmed = PubMed
said-publisher = the publisher, by Crossref
said-retraction-watch = Retraction Watch, by Crossref
said-medrxiv = medRxiv
said-biorxiv = bioRxiv
said-europe-pmc = Europe PMC
said-trials = ClinicalTrials.gov
said-editor = the editors
notice-sources =
    { $count ->
        [one] source: { $names }
       *[other] sources: { $names }
    }
notice-told = { $what } ({ $sources }).
notice-told-on = { $what } (notice of { $date }; { $sources }).
notice-lifted = Lifted on { $date }: it no longer holds.
notice-lifted-html = Lifted on <time datetime="{ $day }">{ $text }</time>. The item bears this mark no longer.
notice-before = What we reported on { $date }, before this notice:
notice-read = Read the notice
notice-about = About this notice
notice-work = It is about
notice-itself = The notice
notice-changes = What changed
change-field = What
change-before = Before
change-after = Now
first-report = First reported as a preprint.
first-report-in = First reported as a preprint: { $place }.
first-report-link = The preprint
notices-lead = What happened to works after we reported them: retractions, corrections, expressions of concern, new versions, results of trials. Every item here stays watched for as long as it is public.
notices-feed = RSS feed of notices
notices-empty = There is no notice about anything reported here.
notices-pager = More notices
notices-older = Older notices
notices-all = All notices
feed-notices = Retractions, corrections and other notices

## The website: search

search-hint = Words from a title, a paragraph, an author’s or a journal’s name.
search-nothing = Nothing published here holds all of “{ $question }”. Fewer or shorter words find more.
search-found =
    { $count ->
        [one] { $count } item for “{ $question }”, best first.
       *[other] { $count } items for “{ $question }”, best first.
    }
search-cut =
    { $count ->
        [one] The best { $count } item for “{ $question }”, best first.
       *[other] The best { $count } items for “{ $question }”, best first.
    }
search-found-newest =
    { $count ->
        [one] { $count } item for “{ $question }”, newest first.
       *[other] { $count } items for “{ $question }”, newest first.
    }
search-cut-newest =
    { $count ->
        [one] The newest { $count } item for “{ $question }”.
       *[other] The newest { $count } items for “{ $question }”.
    }
search-to-newest = Newest first
search-to-best = Best first

## The website: feeds

feeds-lead = A feed brings new items to you as they are published. Copy an address into a feed reader, your reference manager or your own website. Readers ask for RSS most often; Atom and JSON Feed carry the same.
feeds-everything = Everything
feeds-copy = { $format } address of { $feed }
feeds-opml = All at once
feeds-opml-html = <a href="/feeds.opml">feeds.opml</a> holds every feed, for readers that import a list.
feeds-references = For reference managers
feeds-references-html = All references as <a href="/export?format=ris">RIS</a>, <a href="/export?format=bib">BibTeX</a> or <a href="/export?format=csl.json">CSL-JSON</a>. Each item’s page offers its own, and Zotero’s browser button reads every page here.
feeds-website = For your own website
feeds-website-html = The <a href="/embed">embed page</a> has a snippet to paste; the <a href="/api">API</a> answers with JSON.

## The website: embed

embed-title = Put this on your site
embed-lead = Paste one of these where the news should appear. Nothing is stored on your visitors’ devices, and if we cannot be reached, your page shows a plain link.
embed-script = For most sites
embed-script-region = Snippet with a script
embed-script-copy = snippet
embed-script-html = Attributes: <code>count</code> 1 to 20, <code>topic</code>, <code>lang</code>, <code>heading-level</code> 2 to 6, <code>links</code> <code>article</code> or <code>page</code>. Colours and type follow your page; <code>--pn-color</code>, <code>--pn-link</code>, <code>--pn-muted</code>, <code>--pn-font</code>, <code>--pn-gap</code> and <code>--pn-min-height</code> change them.
embed-frame = Where scripts are not allowed
embed-frame-region = Snippet with a frame
embed-frame-copy = frame
embed-frame-text = Leave the second line out where it cannot stand; the frame then keeps its height.
embed-wordpress = WordPress
embed-wordpress-html = Paste the address of this site, of a topic or of an item on a line of its own. Or add an RSS block with an address from <a href="/feeds">Feeds</a>; set its excerpt to 100 words so that no paragraph is cut.
embed-squarespace = Squarespace
embed-squarespace-text = Add a Code block, choose HTML, and paste the first snippet.
embed-wix = Wix
embed-wix-html = Add a Custom Element. Its server address is the one in the first snippet’s script line, its tag name <code>perfuse-news</code>; the attributes are set one by one.
embed-drupal = Drupal and Hugo
embed-drupal-text = Either snippet works in a full HTML field or a shortcode. To have the text in your own pages, and in your own search, include it on the server.
embed-server = On the server
embed-server-text = For PHP, Drupal, Hugo or server-side includes, plain HTML without script or style:
embed-server-copy = address
embed-looks = How it looks
embed-link = Latest research news
# Ends a list on somebody else’s page that has no room for more.
embed-more = All news

## The website: API

api-document = OpenAPI document
api-answers = Answers

## The website: errors

gone-title = Withdrawn
gone-text = This item was published here and has been withdrawn by the editors.
nothing-title = Nothing here
nothing-text = There is nothing at this address. The link may have been cut, or it never led anywhere.
bad-address-title = Not understood
bad-address-text = The address cannot be read: { $problem }.
failed-title = Not available just now
failed-text = Something failed on our side. Please try again in a minute.
to-latest = To the latest news

## The desk: frame

desk-title = { $site } desk
desk-skip = Skip to content
desk-nav = Desk
desk-queue = Queue
desk-waiting = waiting
desk-history = History
desk-sources = Sources
desk-people = People
desk-account = Your account:
desk-sign-out = Sign out
say-not-sent = No connection. Nothing was changed; try again.
say-not-sent-kept = No connection. What you typed is kept on this device; try again.
say-offline = No connection. What you type is kept on this device.
say-restored = What you typed here before was not saved yet; it is back.
say-discard = Discard it
say-close = Close this note
say-no-undo = Nothing more to take back here:

## The desk: queue

queue-articles = Articles
queue-search = Search
queue-search-in = Search title, abstract, author…
queue-filter = Filter
queue-filter-used = (in use)
queue-show = Show
queue-topic = Topic
queue-source = Source
queue-kind = Sort of work
queue-seen = Seen
queue-order = Order
queue-study = Type of study
queue-why = Why here
queue-add = Add an article
queue-elsewhere = { $count } more found outside this list
status-any = Everything
order-match = Best match
why-any = Any reason
why-title = Words in the title
why-learnt = What you published before
why-source = From a source on the topic
why-indexed = Indexed under a topic
why-lifted = Lifted from below, to test the ranking
why-hand = Added by hand
queue-apply = Apply
queue-clear = Clear
queue-select = Select “{ $title }”
queue-bulk = Several at once
queue-bulk-reject = Reject selected
queue-bulk-later = Later, selected
queue-bulk-reject-all = Reject all { $count } on this page
queue-picked = selected
queue-unticked = Nothing is ticked: tick the articles first.
queue-bulk-undo = Every decision can be undone on the History page.
queue-pages = Pages
queue-previous = Previous
queue-page = Page { $page } of { $pages }
queue-next = Next
queue-missed = Of { $decided } articles lifted from the lower half this month, you published { $published }: the ranking misses { $low } to { $high } % there.
queue-found = { $count } found
queue-none = Nothing waits
queue-none-new = { $count } waiting, none new since { $day }
queue-all-new = { $count } waiting, all new since { $day }
queue-some-new = { $count } waiting, { $new } of them new since { $day }
queue-nothing-matches = Nothing matches
queue-widen = Widen the filter or search for something else.
queue-done = All done
queue-fetching = The sources are being fetched now.
queue-next-fetch = The next source is fetched { $when }.
queue-no-source = No source is active: see the Sources page.
status-queued = Waiting
status-later = Later
status-approved = Approved
status-rejected = Rejected
status-withdrawn = Withdrawn
kind-articles = Articles
kind-preprints = Preprints
kind-trials = Trials
kind-books = Books
seen-day = In the last day
seen-week = In the last week
seen-month = In the last month
seen-whenever = Whenever
filter-all = All
order-relevance = Relevance
order-newest = Newest first

## The desk: an article

article-back = ← Queue
article-new-tab = (new tab)
article-to-summary = Summary ↓
article-why = Why it is here
article-abstract = Abstract
article-no-abstract = No source gave an abstract. Open the article to read it.
article-publication = For publication
article-errors = Not done yet:
article-title-help-html = &lt;i&gt;, &lt;sub&gt; and &lt;sup&gt; keep species, CO₂ and 10⁹ right.
article-words = words
article-words-limits = · short to 55, at most 100
article-check = Check before publishing.
article-checked =
    { $count ->
        [one] I have checked this against the article
       *[other] I have checked these against the article
    }
article-to-marks = Go to the marks and tick them
article-copied-draft = The draft is copied from the abstract: rephrase it.
article-copied = { $percent } % copied from the abstract.
article-copied-much = { $percent } % copied from the abstract: say it in your own words, abstracts can be copyrighted.
article-preview = As readers will see it
article-check-typed = Check and preview what is typed
article-draft = Where the draft comes from
article-other-results =
    { $count ->
        [one] Another result in the abstract
       *[other] { $count } other results in the abstract
    }
article-quote-this = Quote this instead
wording-ask = Suggest wording
wording-again = Suggest wording again
wording-badge = Machine-worded
wording-look = Look whether it is there
wording-off = No language model is configured here.
wording-problem = No wording: { $problem }
wording-proposal = Proposed by { $model } (prompt { $version })
wording-use = Put it into the summary
wording-waiting = The language model was asked. Its proposal appears here; you can go on typing.
wording-worded = Worded by { $model }: read it against the abstract.
article-topics = Topics
article-save-public = Change what is published
article-save-planned = Change it
article-save = Save without deciding
article-decide = Decide
article-reject-reason = Reject with a reason
article-reject-because = Reject because
article-later-date = Later, at a date
article-put-off = Put off
article-until = Until
article-until-day = Until that day
article-approve-time = Approve for a time
article-publish-at = Publish at
article-day-time = Day and time
article-approve-then = Approve for then
article-seen =
    { $count ->
        [one] Seen in { $count } source
       *[other] Seen in { $count } sources
    }
article-past = What editors did
later-tomorrow = Until tomorrow
later-week = For a week
later-month = For a month
sentence-background = Background
sentence-objective = Aim
sentence-methods = Methods
sentence-result = Result
sentence-conclusion = Conclusion
reason-off-topic = Off topic
reason-low-evidence = Low evidence
reason-duplicate = Duplicate
reason-animal-or-bench = Animal or bench
reason-already-covered = Already covered
reason-other = Other
# $by is standing-by or nothing
standing-by = { " " }by { $who }, { $when }
standing-later = Put off until { $until }{ $by }.
standing-rejected = Rejected{ $by }.
standing-rejected-reason = Rejected ({ $reason }){ $by }.
standing-approved = Approved{ $by }.
standing-planned = Approved{ $by }. It becomes public on { $at }.
standing-withdrawn = Taken back from the public{ $by }.
standing-cancelled = Taken back before it was public{ $by }.
standing-merged = Merged into another article.
standing-changed = { $standing } { $change } What is public was not touched.
badge-retracted = Retracted
badge-retraction-notice = Retraction notice
badge-concern = Expression of concern
badge-preprint = Preprint
badge-trial = Trial registration
badge-book = Book
badge-free = Free full text
badge-language = In { $language }
badge-sources = Seen in { $count } sources
language-de = German
language-fr = French
language-es = Spanish
language-it = Italian
language-pt = Portuguese
language-ja = Japanese
language-zh = Chinese
language-ru = Russian
authors-more = { $names } and { $more } more
link-open = Open the article
link-trial = Trial registration
trial-facts = The trial as registered
trial-status = Status
trial-phase = Phase
trial-enrolment = Enrolment
trial-start = Start
trial-completion = Completion
trial-results = Results
trial-results-none = none posted
trial-results-posted = posted { $on }
trial-updated = Registry updated
problem-title = The title is empty.
problem-placeholder = The title only stands in for the record, which has not been looked up yet. Write the title, or wait.
problem-summary = The summary is empty: write a sentence or two.
problem-words = The summary has { $words } words; the feeds take at most { $most }.
problem-doubts = The summary has marks that are not ticked as checked yet.
problem-publish-at = Choose a time to publish at that lies ahead, within a year.
problem-until = Choose a day that lies ahead, within a year.
no-undo = This cannot be undone any more: { $why }.

article-to-sentence = Sentence { $number } of the draft

## The desk: notes, presence, articles added by hand

ties-title = Trials tied by hand
ties-number = Registration number of a trial that this is about
ties-help = NCT and eight digits. Numbers that the record or the abstract names are watched without this.
ties-tie = Watch this trial
ties-untie = Untie
ties-tied = Tied: what the registry changes comes to the top of the queue.
ties-untied = Untied.
ties-unreadable = “{ $typed }” is not a number like NCT01234567.
notes-title = Notes between editors
notes-write = A note for the others
notes-leave = Leave the note
badge-notes =
    { $count ->
        [one] { $count } note
       *[other] { $count } notes
    }
editing-one = { $who } is editing this now.
editing-more = { $who } and { $count } more are editing this now.
addition-by = Added by { $who }, { $when }.
addition-waiting = { $what } is being looked up; its record appears here as soon as the service answers.
addition-again = { $what } could not be looked up ({ $message }). It is tried again { $when }.
addition-unknown = Neither PubMed nor Crossref nor ClinicalTrials.gov knows { $what }. Check it, write title and summary yourself, or look again later.
addition-failed = { $what } could not be looked up ({ $message }), and is not tried again by itself.
addition-by-hand = No source stands behind it: check every figure against the work itself.
addition-retry = Look it up again
add-title = Add an article
add-what = PMID, DOI, address or title
add-what-help = A PMC or NCT number does as well. Addresses are read for the identifiers in them and never opened: only PubMed, Crossref and ClinicalTrials.gov are asked.
add-found-title = Title on the page where you found it
add-look-up = Look it up
add-not-recognised = This is no PMID, DOI, address or title. A title needs two words at least.
add-bare-address = This address names nothing that can be looked up. Write down what it is about, or go back and try the title.
add-item = Write an item without source
add-item-lead = For a society’s own guidance, a report or a page that no database holds.
add-link = Address
add-summary-help = May be left for later. There is no abstract to compare with, so figures ask to be confirmed before it is published.
add-authors-help = One name a line: Given Family, or the name of a group.
add-published = Appeared on
add-published-help = Year, month or day: 2026, 2026-11 or 2026-11-22.
add-item-button = Add to the queue
add-problem-link = The address is none that a browser opens: it begins with https:// or http://.
add-problem-date = The date is written 2026, 2026-11 or 2026-11-22.
add-bookmarklet = From any page, with one click
add-bookmarklet-how = Drag this button to your bookmarks. On the page of an article, press the bookmark: this form opens, filled in.
add-bookmarklet-name = Add to { $site }
add-bookmarklet-code = The same as text, for a phone: save any page as a bookmark, then put this in place of its address
said-added = Added.
said-known = This work was here already.

## The desk: what happened to published works

noticed-head =
    { $count ->
        [one] { $count } notice about a published work
       *[other] { $count } notices about published works
    }
noticed-more = { $count } more
noticed-waiting = Found { $when }. It waits for your answer; readers do not see it yet.
noticed-marked = Found { $when }. The public item is marked already.
noticed-found = Found { $when }.
noticed-public = Public since { $when }.
noticed-dismissed = Set aside by an editor: not about this work.
noticed-dropped = No longer so at a later look; readers were not told of it.
noticed-closed = Closed with the editors’ answer; readers are not told of it.
noticed-lifted = Lifted { $when }: it no longer holds.
noticed-held = An editor said { $when } that the summary holds.
noticed-rewritten = An editor rewrote the summary, { $when }.
noticed-question = Does the summary still hold?
noticed-question-waits = With “Yes” or “I rewrote it” the notice becomes public. Rewrite the summary below first if it needs that.
noticed-question-desk = Readers are not told of this, whatever you answer. Look at the publisher’s page before you do.
noticed-question-public = The item is marked already. “Not about this work” takes the mark off again.
noticed-yes = Yes, it holds
noticed-did-rewrite = I rewrote it
noticed-not-ours = Not about this work
noticed-answered-already = This notice was answered or lifted meanwhile.
toast-answered = Your answer is recorded.

## The desk: embed

snippets-lead = Choose what your website shows, look at it, and copy what your site builder takes. Nothing is stored on your visitors’ devices, and if we cannot be reached, your page shows a plain link.
snippets-count = Items
snippets-links = Titles lead to
snippets-to-article = The article
snippets-to-page = Our page about it
snippets-level = Heading level
snippets-theme = Colours of the frame
snippets-theme-auto = As the visitor’s device
snippets-theme-light = Light
snippets-theme-dark = Dark
snippets-preview = The frame, live. The element takes type and colours from the page that it stands on.
snippets-wordpress = Paste this address on a line of its own; WordPress makes a frame of it.
snippets-wordpress-rss = Or add an RSS block with this address, and set its excerpt to 100 words so that no paragraph is cut.
snippets-wordpress-html = Or, with the right to use unfiltered HTML, add a Custom HTML block with this.
snippets-feed-copy = feed address
snippets-squarespace = Add a Code block, choose HTML, and paste this.
snippets-wix = Add a Custom Element, choose “Server URL”, and paste this address.
snippets-script-copy = script address
snippets-wix-tag = Its tag name:
snippets-tag-copy = tag name
snippets-wix-attributes = Set these attributes, one by one:
snippets-attributes-copy = attributes
snippets-drupal = Drupal
snippets-drupal-text = Add a block whose text format is Full HTML and paste this into its source.
snippets-drupal-server = Or fetch this address on the server and print what it gives, so that your own search finds the text.
snippets-hugo = Hugo
snippets-hugo-text = Save this as layouts/shortcodes/research-news.html (Hugo 0.141 or newer). The news is as new as your last build.
snippets-hugo-use = Then write this where the news should appear:
snippets-shortcode-copy = shortcode
snippets-html = Plain HTML
snippets-html-text = Paste this where the news should appear.
snippets-html-frame = Where scripts of others are not allowed. Leave the second line out where it cannot stand; the frame then keeps its height.
snippets-html-server = On a server with PHP, without any script in the page:
snippets-php-copy = line of PHP
snippets-html-style = The element’s colours and type follow your page; --pn-color, --pn-link, --pn-muted, --pn-font, --pn-gap and --pn-min-height change them.

## The desk: duplicates and versions

badge-twin = Possible duplicate
badge-preprint-before = First reported as a preprint
badge-preprint-reported = We reported the preprint
badge-preprint-rejected = Published since; the preprint was rejected
twins-title = Possible duplicate
twins-version = Perhaps a preprint and its paper
twins-this = This article
twins-other = The other one
twins-authors = Authors
twins-appeared = Appeared
twins-ids = Identifiers
twins-seen = Seen in
twins-standing = Stands
twins-none = None given
twins-merge = Merge
twins-keep-this = Merge, keep this one’s address
twins-keep-other = Merge, keep the other’s address
twins-keep-text = Both are published. One stays; the other’s address leads to it from then on. Text and decisions of both stay in the history.
twins-this-stands = This one stands, since more was decided on it. Nothing is lost, and Undo parts them again.
twins-other-stands = The other one stands, since more was decided on it. Nothing is lost, and Undo parts them again.
twins-joined = Identifiers, sources and text of both are kept in one article. Undo parts them again.
twins-link = Link as two versions
twins-link-text = They stay two works under one permalink: the paper stands in the queue for both.
twins-not-same = Not the same work
twins-apart = Said to be other works
twins-apart-said = Noted: two works. They will not be suggested again.
twins-again = Perhaps the same after all
evidence-identifier = A source gives { $kind } { $value } for both
evidence-same-title = Same title
evidence-near-title = Nearly the same title
evidence-same-author = Same first author: { $name }
evidence-no-author = No author given by one
evidence-same-year = Same year: { $year }
evidence-near-year = Years close together
evidence-no-year = No date given by one
evidence-same-journal = Same journal
evidence-other-journal = Other journal names
version-preprint = First reported as a preprint:
version-paper = Published since as:
version-replaces = { $standing } If you approve this paper, it takes the place of the preprint in the news at once, at the same address; the preprint stays named as the first report.
version-unlink = Not its preprint
version-linked-said = Linked as preprint and paper.
history-gone = The text of the one that is gone

## The desk: conflict

conflict-page = Changed meanwhile
conflict-title = Somebody changed this article meanwhile
conflict-lead = Nothing of yours is lost and nothing was overwritten. { $standing } Compare, then decide which text stands.
conflict-theirs = As it is now
conflict-keep-theirs = Keep this one
conflict-yours = What you sent
conflict-save = Save mine
conflict-approve = Approve mine
conflict-changed-by = { $who } changed it.

## The desk: history

history-lead = Every decision, newest first. Undo puts an article back to what it was before.
agreement-title = How often editors agree with the suggested topics
agreement-lead = Over everything that is approved: what the rules suggested, and what editors made of it.
agreement-percent = { $percent } % kept
agreement-counts = ({ $kept } kept, { $dropped } taken away, { $added } added by hand)
history-empty = No decisions yet
history-empty-html = They appear here as soon as somebody decides in the <a href="/desk">queue</a>.
history-undo-of = “{ $act }” of { $title }
history-undone-since = undone since
history-undone = Undone: the article is what it was before.
history-bulk = { $count } decided.
history-bulk-none = None was decided: somebody else was faster.
history-bulk-undone = { $count } undone.
past-approved = Approved
past-approved-for = Approved for { $at }
past-rejected = Rejected
past-rejected-reason = Rejected ({ $reason })
past-put-off = Put off
past-requeued = Put back into the queue
past-changed = Changed in public
past-edited = Edited
past-withdrawn = Taken back
past-cancelled = Taken back before it was public
past-undone = Undone
past-merged = Merged with a duplicate

## The desk: sources

sources-summary = { $count } sources, none in trouble.
sources-summary-paused = { $count } sources, none in trouble, { $paused } paused.
sources-summary-trouble = { $count } sources, { $trouble } in trouble.
sources-summary-trouble-paused = { $count } sources, { $trouble } in trouble, { $paused } paused.
sources-articles =
    { $count ->
        [one] { $count } article
       *[other] { $count } articles
    }
sources-paused = Paused
sources-stopped = Stopped
sources-working = Being fetched
sources-failed =
    { $count ->
        [one] Failed once in a row
       *[other] Failed { $count } times in a row
    }
sources-new = Not fetched yet
sources-well = Well
sources-odd = Answers, but needs a look
sources-next-now = now
sources-next-never = not planned
sources-last-never = never
sources-last = Last success
sources-next = Next
sources-resume = Resume
sources-fetch = Fetch now
sources-pause = Pause
sources-completeness = Completeness
sources-complete = Complete up to { $day }
sources-received = Everything counted was received, up to { $when }
sources-no-overflow = Nothing overflowed, up to { $when }
sources-gap =
    { $count ->
        [one] One work is missing, { $from } to { $to }
       *[other] { $count } works are missing, { $from } to { $to }
    }
sources-lost = Overflowed: entries since { $when } may be missing
sources-count-failed = The count failed: { $error }
sources-count-failed-after = The count failed: { $error }. It was complete up to { $day }
sources-uncounted = Not known yet
sources-quiet = Silent: usually { $usual }, nothing for { $days } days.
sources-usual-week = { $count } a week
sources-usual-days = one in { $count } days
sources-usual-weeks = one in { $count } weeks
source-pubmed = PubMed search
source-feed = Feed
source-europepmc = Europe PMC search
source-trials = Trial registry
source-preprints = Preprint server
source-crossref = Crossref journals

## The desk: one source

source-count-now = Count now
source-try = Try in the query lab
source-facts = How it does
source-asks = Asks for
source-moved = Moved to
source-schedule = Schedule
source-topics = Topics
source-attempt = Last attempt
source-counted = Last count
source-counted-window =
    { $count ->
        [one] One work, { $from } to { $to }; { $again } of the missing came when asked for again
       *[other] { $count } works, { $from } to { $to }; { $again } of the missing came when asked for again
    }
source-counted-at = Counted
source-usual = Usually
source-etag = ETag
source-modified = Last-Modified
source-weeks = Twelve weeks
source-total = { $seen } entries seen, { $fresh } of them new to us, { $approved } published.
source-seen = Seen
source-new = New to us
source-approved = Published
source-chart = Entries by week; the numbers stand in the table below.
source-most = At most { $count } a week
source-this-week = This week
source-numbers = The numbers
source-week-from = Week from
source-missing = Missing
source-missing-help = The service counts these works, and they did not come when they were asked for once more. Count now asks again.
source-overflows = Overflows
source-back = ← Sources
source-backfills = Back-fills
source-backfill-done = { $from } to { $to }: done, { $count } records, { $fresh } new.
source-backfill-at = { $from } to { $to }: interrupted after { $at }, { $count } records, { $fresh } new.
source-backfill-begun = { $from } to { $to }: begun, { $count } records, { $fresh } new.
source-problems = Problems
source-no-problems = None that are remembered.
source-unread = A body that could not be read
source-body = { $url }, { $type }, { $length } bytes
source-bytes = Bytes from { $from } on
source-fetches = Last fetches
source-fetched = { $entries } entries, { $fresh } new, { $updated } changed
source-not-modified = Nothing changed
source-fetch-failed = Failed

## The desk: the query lab

lab-title = Query lab
lab-lead = Asks now, and stores nothing: how much would come, and what did the editors think of it?
lab-kind = Where
lab-text = Query or address
lab-text-help = PubMed and Europe PMC: a query in their own syntax. Feed: its address. Crossref: ISSNs. Trial registry: condition; intervention, or NCT numbers. medRxiv and bioRxiv: words with AND, OR, NOT.
lab-back = How far back
lab-back-help = A feed shows what it shows.
lab-days = { $count } days
lab-ask = Ask
lab-recent = Asked lately
lab-too-many = Five of your questions still wait for an answer. Please wait for one.
lab-waits = Waits for its answer
lab-failed = No answer
lab-brought =
    { $count ->
        [one] One entry, { $known } known
       *[other] { $count } entries, { $known } known
    }
lab-again = Change the question
lab-asking = Being asked. This page looks again by itself.
lab-no-worker = Nobody has taken the question for more than a minute. Is the worker running?
lab-look = Look again
lab-total = Would come
lab-looked-at = Looked at
lab-known = Known already
lab-approved = Approved, last 12 months
lab-rejected = Rejected, last 12 months
lab-first = The first ones
lab-nothing = Nothing.
lab-is-new = new
lab-is-known = known
lab-is-approved = approved
lab-is-rejected = rejected

## The desk: people

people-lead = Viewers read the desk, editors decide, administrators also manage people and sources.
people-made = One-time link for { $email }
people-made-text = Give it to them on a way you trust. It works once, within { $hours } hours, and is not shown again.
people-made-link = Link
people-you = (you)
people-role-of = Role of { $name }
people-set-role = Set role
people-enable = Enable
people-new-link = New sign-in link
people-new-link-for = for { $name }
people-disable = Disable
people-invite = Invite somebody
people-make-link = Make a one-time link
people-disabled = disabled
people-invited = invited, no password yet
people-bad-address = This is not an e-mail address.
people-exists = Somebody with this address is here already.
people-mailed = A letter with a one-time link is on its way to { $email }.
people-mail-link = Mail a sign-in link
people-invite-by-mail = Invite by mail
people-last-admin = { $email } is the last active admin; make another one first
people-own-account = Ask another administrator to change your own account.

## The desk: letters

mail-title = Letters
mail-lead = What the desk sent by mail, newest first. A letter that cannot be sent is tried again; nothing else waits for it.
mail-off = No mail is set up: links are shown here, to be passed on by you. Your operator can set a mail server.
mail-none = No letters yet.
mail-invite = Invitation
mail-reset = Link for a new password
mail-digest = Weekly digest
mail-alert = Alert
mail-waiting = Waiting
mail-again = Not sent yet; tried again { $when }
mail-sent = Sent
mail-failed = Not sent
mail-cancelled = Not needed any more
mail-retry = Try again now
mail-trouble =
    { $count ->
        [one] { $count } letter could not be sent: see Letters.
       *[other] { $count } letters could not be sent: see Letters.
    }
mail-weekly = { $day }, { $clock }
mail-schedule = as the operator set it ({ $line })

## The desk: audit trail

audit-title = Audit trail
audit-lead = Every act on articles, people and sources, newest first. The downloads also hold what was before and after.
audit-by = By
audit-show = Show
audit-everybody = Everybody
audit-what = What
audit-everything = Everything
audit-from = From
audit-to = To
audit-command-line = the command line

## The desk: one's own account, links, signing in

account-title = Your account
account-name = Name
account-name-label = What the desk calls you
account-save-name = Save name
account-no-name = The name is empty.
account-keys = Keys
account-keys-on = Use single keys in the queue on this device
account-keys-help = What the keys do
account-password = Password
account-old = Present password
account-old-wrong = The present password is wrong.
link-new-password = New password
account-new-help = At least { $count } characters; a few unrelated words are best. Other devices are signed out.
account-change = Change password
account-mail = Mail
account-digest = A digest of the queue every week ({ $when })
account-alerts = Alerts, such as the retraction of something that was published
account-save-mail = Save
account-no-mail = This desk sends no mail.
account-sessions = Where you are signed in
account-this-one = (this one)
account-session = since { $since }, last used { $used }
agent-on = { $browser } on { $system }
agent-other = Another program
password-help = At least { $count } characters; a few unrelated words are best.
password-short = Use at least { $count } characters. A few unrelated words make a good password.
password-long = Use at most { $count } bytes.
password-common = This is one of the passwords that are tried first. Choose another.
password-personal = Do not use your address, your name or the society’s name.
password-repeats = This repeats the same few characters. Choose another.
set-password-title = Set your password
set-password-lead = For { $email } at { $site }.
set-password-do = Set password and sign in
used-link-title = This link does not work any more
used-link-text = It was used already, or its time is over. An administrator of the desk can make a new one.
sign-in-carry-on = Sign in to carry on
sign-in-ended = Your session has ended. Sign in to carry on.
sign-in-ended-kept = Your session has ended. What you typed is kept; it comes back after you sign in.
sign-in-ended-unchanged = Your session has ended. Nothing was changed.
sign-in-out = You are signed out.
sign-in-no-password = No password, or forgotten it?
forgotten-title = Forgotten password
forgotten-lead = We mail you a link that sets a new password. Until it is used, nothing changes.
forgotten-ask = Mail me a link
forgotten-asked = If { $email } is the address of somebody who works here, a link is on its way to it.
forgotten-nothing-came = Nothing came? Look for it among unwanted mail. A second letter goes out after an hour at the earliest; an administrator of the desk can make you a link at once.
forgotten-no-mail = An administrator of the desk can make you a link that sets a new password; the operator can, too, on the command line.
sign-in-too-many =
    { $minutes ->
        [one] Too many attempts. Try again in { $minutes } minute.
       *[other] Too many attempts. Try again in { $minutes } minutes.
    }
sign-in-busy = Many people are signing in just now. Try again in a few seconds.
sign-in-wrong = This address and password do not belong together.
resume-page = Carry on
resume-title = Your text was kept
resume-lead = You are signed in again. Check the text and send it once more.
resume-instead = To the queue instead

## The desk: how it works

help-title = How the desk works
help-queue = The queue shows what the sources found, the most relevant first, each with the reasons for its place.
help-decide = Read the abstract, make the summary your own, and approve, reject or put off.
help-undo-html = Every decision can be undone, from the note that follows it or on the <a href="/desk/history">History</a> page.
help-to-queue = To the queue
help-keys = Keys
help-keys-html = They work in the queue while no text is being typed, and can be switched off in <a href="/desk/account">your account</a>.
help-next = Next, previous article
help-later = Later (a week)
help-reason = Reject with that reason from the list beside Reject
help-edit-html = Edit the summary; <kbd>Esc</kbd> leaves it
help-open = Open the article in a new tab
help-merge = Merge with the possible duplicate
help-undo-last = Undo the last decision
help-search = Search
help-help = This page

## The desk: errors

to-latest-news = Latest news
to-desk = Editors’ desk
not-here-title = Not here
not-here-text = There is nothing at this address. It may have been merged with another article, or the link was cut.
not-allowed-title = Not allowed
not-allowed-text = Your role does not allow this. An administrator of the desk can change that.
forged-title = Not accepted
forged-text = This request did not come from a page of the desk, or the page was too old. Go back, reload it and try again; nothing was changed.
bad-form-title = Not understood
bad-form-text = The form was incomplete or held a value it does not offer. Go back and try again; nothing was changed.
too-many-title = Too many attempts
too-many-text = Wait a few minutes and try again.
refused-title = Not done
busy-title = Not just now
busy-text = The desk cannot store anything at the moment. Nothing you typed is lost if you go back; the operator sees why in the log.
wrong-method-title = Not that way
wrong-method-text = This address does not take that kind of request.
broken-title = Something broke
broken-text = This is our fault and it was logged. Nothing you typed is lost if you go back.
too-large-title = Too large
too-large-text = A form of the desk holds at most 64 KiB.
not-a-form-title = Not a form
not-a-form-text = The desk takes forms as its own pages send them, nothing else.
long-address-title = Address too long
long-address-text = This address is too long.
long-header-title = Header too large
long-header-text = The request’s header is too large; deleting this site’s cookies may help.

## Letters (plain text and HTML are made of the same words)

letter-invite-subject = { $society }: your invitation to the editors’ desk
letter-invite = You are invited to the editors’ desk of { $society }.
letter-invite-link = Set your password and sign in
letter-reset-subject = { $society }: set a new password
letter-reset = An administrator of the editors’ desk of { $society } made you a link to set a new password.
letter-reset-link = Set a new password
letter-link-life =
    { $hours ->
        [one] The link works once, within { $hours } hour. If you did not expect this letter, leave it.
       *[other] The link works once, within { $hours } hours. If you did not expect this letter, leave it.
    }
letter-digest-subject =
    { $count ->
        [one] { $society }: { $count } article waits
       *[other] { $society }: { $count } articles wait
    }
letter-digest =
    { $count ->
        [one] { $count } article waits at the desk of { $society }.
       *[other] { $count } articles wait at the desk of { $society }. The top of the queue:
    }
letter-digest-why = You get this once a week because you asked for it.
letter-alert-why = You get this because you are an editor.
letter-notice-source = Source: { $source }.
letter-notice-marked = The public item is marked already. Does its summary still hold?
letter-notice-desk = Readers are not told of this. Look at the publisher’s page: does the work still stand?
letter-notice-waits = Nothing public has changed. Does the summary still hold?
letter-notices-subject =
    { $count ->
        [one] { $first } and { $count } more notice
       *[other] { $first } and { $count } more notices
    }
letter-notices-lead = { $count } notices about what you have published, the gravest first. Does each summary still hold?
letter-notices-line-marked = { $kind }: { $title } ({ $source }). The public item is marked already. { $url }
letter-notices-line-waits = { $kind }: { $title } ({ $source }). Nothing public has changed. { $url }
letter-notices-more =
    { $count ->
        [one] And { $count } more; the desk shows it.
       *[other] And { $count } more; the desk shows them.
    }
letter-open-queue = Open the queue
letter-open-desk = Open the desk
letter-settings = Change what you get by mail

// Takes the pictures of the README and docs/pictures: signs in, approves some of the made-up articles, and looks at
// every page that matters at a desktop's and a phone's width, in light and dark. Run by take.sh.
import { chromium } from 'playwright-core';

const [base, link, folder] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const desktop = { viewport: { width: 1280, height: 860 } };
const phone = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const first = await browser.newContext(desktop);
const page = await first.newPage();
await page.goto(link);
await page.fill('#password', 'seven pumps on a quiet ward');
await page.click('button.primary');
await page.waitForLoadState('networkidle');
for (let approved = 0; approved < 4; approved++) {
  await page.goto(`${base}/desk`);
  const decided = page.waitForResponse((response) => response.url().includes('/approve'));
  await page.click('button.decision.approve');
  await decided;
  await page.waitForLoadState('networkidle');
}
await page.waitForTimeout(4000); // each item gets a second of its own
const state = await first.storageState();

async function take(name, path, device, colorScheme = 'light') {
  const context = await browser.newContext({ ...device, storageState: state, colorScheme });
  const shot = await context.newPage();
  await shot.goto(base + path);
  await shot.waitForLoadState('networkidle');
  await shot.screenshot({ path: `${folder}/${name}.png` });
  await context.close();
}

await page.goto(`${base}/desk`);
const article = await page.getAttribute('#list a[href*="/desk/a/"], a[href*="/desk/a/"]', 'href');
await page.goto(`${base}/desk/sources`);
const source = await page.getAttribute('main a[href^="/desk/sources/"]:not([href$="/lab"])', 'href');
await page.goto(base + article);
await page.fill('#note', 'The full report is out: shall we wait for the registry paper of next week?');
await page.click('.notes button');
await page.waitForLoadState('networkidle');
const pages = [['source', source], ['desk', '/desk'], ['article', article], ['history', '/desk/history'], ['sources', '/desk/sources'],
  ['people', '/desk/people'], ['add', '/desk/add'], ['home', '/'], ['feeds', '/feeds']];
for (const [name, path] of pages) {
  await take(name, path, desktop);
  await take(`${name}-phone`, path, phone);
}
await take('desk-dark', '/desk', desktop, 'dark');
await take('article-phone-dark', article, phone, 'dark');
await take('history-dark', '/desk/history', desktop, 'dark');
await take('source-phone-dark', source, phone, 'dark');
await take('people-dark', '/desk/people', desktop, 'dark');
await take('home-dark', '/', desktop, 'dark');
await browser.close();

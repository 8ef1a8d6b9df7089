// Compares two visits, and counts.

/** Differences between a visit to the plain site and one to the baked, as sentences, and the figures of both. */
export function differences(one, other, site) {
  const figures = { plain: count(one), baked: count(other) };
  return {
    figures,
    mutable: mutable(other),
    differences: [
      ...(site.flaw ? [] : exceptions(one).map((exception) => `the plain site fails: ${exception}`)),
      ...one.snapshots.flatMap((snapshot, index) => ofSnapshots(snapshot, other.snapshots[index])),
      ...more("complaint", one.complaints, other.complaints),
      ...more("failed request", failures(one), failures(other)),
      ...twoNames(one, other),
      ...(figures.baked.requests > figures.plain.requests
        ? [`${figures.baked.requests} requests instead of ${figures.plain.requests}: ${onlyIn(other, one)}`]
        : []),
      ...(site.hashes ? tooMutable(other, site) : []),
    ],
  };
}

function exceptions(visit) {
  return [...new Set(visit.complaints.filter((complaint) => complaint.startsWith("exception")))];
}

export function summary({ name, figures, differences, roles }) {
  if (!figures) return `${name}: not compared`;
  const { requests, subresources, immutable } = figures.baked;
  const told = Object.entries(roles).map(([role, count]) => `${count} ${role}`);
  return [
    differences.length === 0 ? "same" : "DIFFERS",
    name.padEnd(22),
    `requests ${requests} (plain ${figures.plain.requests})`,
    `immutable ${immutable} of ${subresources} (${percent(immutable / Math.max(1, subresources))})`,
    told.join(", "),
    `${differences.length} differences`,
  ].join("  ");
}

const percent = (share) => `${Math.floor(share * 100)} %`;

function ofSnapshots(plain, baked) {
  if (!baked) return []; // a step before failed
  const at = `after \`${plain.step}\`:`;
  if (plain.problem) return [`the plain site cannot be visited so, ${at} ${plain.problem}`];
  const found = [];
  if (baked.problem) found.push(`${at} ${baked.problem}`);
  if (plain.title !== baked.title) found.push(`${at} title ${quoted(baked.title)} instead of ${quoted(plain.title)}`);
  if (plain.text !== baked.text) found.push(`${at} text ${firstDifference(plain.text, baked.text)}`);
  for (const key of ["images", "fonts", "violations", "elements"]) found.push(...ofLists(at, key, plain[key], baked[key]));
  return found;
}

function ofLists(at, key, plain, baked) {
  const first = Array.from({ length: Math.max(plain.length, baked.length) }, (_, index) => index).find(
    (index) => plain[index] !== baked[index],
  );
  if (first === undefined) return [];
  const counted = plain.length === baked.length ? "" : ` (${baked.length} instead of ${plain.length})`;
  return [`${at} ${key}${counted} ${firstDifference(plain[first] ?? "", baked[first] ?? "")}`];
}

function firstDifference(plain, baked) {
  let begin = 0;
  while (begin < plain.length && plain[begin] === baked[begin]) begin += 1;
  begin = Math.max(0, begin - 20);
  return `${quoted(baked.slice(begin, begin + 100))} instead of ${quoted(plain.slice(begin, begin + 100))}`;
}

const quoted = (text) => JSON.stringify(text);

// The items that occur more often in the baked site than in the plain one.
function more(kind, plain, baked) {
  const left = plain.map(nameless);
  const surplus = baked.filter((one) => {
    const index = left.indexOf(nameless(one));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return [...new Set(surplus)].map((one) => `${kind} ${one}`);
}

// Without places in code, which a rewriting moves, and without fingerprints.
const nameless = (text) => text.replace(/:\d+:\d+/g, "").replace(/\.[0-9a-f]{12}(?=\.)/g, "");

const failures = ({ records }) =>
  records.filter((record) => record.status >= 400).map((record) => `${record.status} ${record.url}`);

// The same content, asked for by two names.
function twoNames(plain, baked) {
  const [before, after] = [namesOfContents(plain), namesOfContents(baked)];
  const surplus = (groups) => groups.reduce((sum, names) => sum + names.length - 1, 0);
  if (surplus(after) <= surplus(before)) return [];
  const known = new Set(before.map(String));
  return after.filter((names) => !known.has(String(names))).map((names) => `fetched under two names: ${names.join(" ")}`);
}

function namesOfContents({ records }) {
  const names = new Map();
  for (const { digest, url } of records.filter((record) => record.digest)) {
    names.set(digest, (names.get(digest) ?? new Set()).add(url.split("?")[0]));
  }
  return [...names.values()].map((set) => [...set]).filter((set) => set.length > 1);
}

// All requests of the first visit, and later ones for paths that had not been asked for before: a second request for the
// same is a matter of caching, in which the plain server has no say, and some tools add a random query.
function counted({ records, firstVisit }) {
  const known = new Set();
  return records.filter((record, index) => {
    const path = record.url.split("?")[0];
    const isNew = index < firstVisit || !known.has(path);
    known.add(path);
    return isNew;
  });
}

function count(visit) {
  const requests = counted(visit);
  const parts = requests.filter(isSubresource);
  return { requests: requests.length, subresources: parts.length, immutable: parts.filter(isImmutable).length };
}

// Files that the tool leaves without a hash, and that are known by their names, do not count here.
function tooMutable(visit, { named = [] }) {
  const isNamed = (url) => named.some((end) => url.split("?")[0].endsWith(end));
  const { immutable } = count(visit);
  const others = mutable(visit).filter((url) => !isNamed(url));
  const share = immutable / Math.max(1, immutable + others.length);
  return share < 0.95 ? [`only ${percent(share)} of subresources are immutable; not so ${others.join(" ")}`] : [];
}

const mutable = (visit) =>
  counted(visit)
    .filter((one) => isSubresource(one) && !isImmutable(one))
    .map(({ url }) => url);

// A file that a page brings with it: no page, and nothing that is not there.
const isSubresource = ({ destination, status, media_type }) =>
  status < 300 && !["document", "iframe", "frame"].includes(destination) && !media_type.startsWith("text/html");

const isImmutable = ({ cache_control }) => cache_control.includes("immutable");

function onlyIn(visit, other) {
  const known = other.records.map(({ url }) => nameless(url));
  const surplus = counted(visit).filter(({ url }) => !known.includes(nameless(url)));
  return surplus.map(({ url }) => url).join(" ") || "the same names, asked for more often";
}

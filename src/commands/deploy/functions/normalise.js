// Viewer request: few values of the fields that the cache is keyed by.

// The content codings to ask the origin for; empty if CloudFront itself normalises Accept-Encoding.
const CODINGS = [];
// Available-Dictionary of all versions that the site has a difference to (RFC 9842).
const DICTIONARIES = [];
// Whether navigations have another answer than other requests.
const HAS_NAVIGATIONS = false;

function handler(event) {
    const headers = event.request.headers;
    if (CODINGS.length > 0) {
        normaliseCodings(headers);
    }
    if (HAS_NAVIGATIONS) {
        set(headers, 'accept', wantsPage(headers) ? 'text/html' : '');
    }
    return event.request;
}

// A dictionary that the site does not know, and one without a coding that needs it, changes no answer.
function normaliseCodings(headers) {
    const dictionary = value(headers, 'available-dictionary').trim();
    const isKnown = DICTIONARIES.indexOf(dictionary) >= 0;
    const qualities = members(value(headers, 'accept-encoding'));
    const accepted = CODINGS.filter(function (coding) {
        return needsDictionary(coding)
            ? isKnown && qualities[coding] > 0
            : quality(qualities, coding) > 0;
    });
    set(headers, 'accept-encoding', accepted.join(', '));
    set(headers, 'available-dictionary', accepted.some(needsDictionary) ? dictionary : '');
}

function needsDictionary(coding) {
    return coding === 'dcb' || coding === 'dcz';
}

function quality(qualities, coding) {
    return coding in qualities ? qualities[coding] : qualities['*'] || 0;
}

// A malformed weight of a media type is none, as to the server.
function wantsPage(headers) {
    return value(headers, 'accept').toLowerCase().split(',').some(function (range) {
        const parts = range.split(';').map(function (part) { return part.trim(); });
        const isPage = parts[0] === 'text/html' || parts[0] === 'application/xhtml+xml';
        return isPage && parts.map(weight).filter(function (it) { return it >= 0; })[0] !== 0;
    });
}

// The members of a weighted list: names, each with the lowest of its qualities. One with anything else than
// a weight is ignored, as by the server.
function members(list) {
    const qualities = {};
    list.toLowerCase().split(',').forEach(function (member) {
        const end = (member + ';').indexOf(';');
        const named = member.slice(0, end).trim();
        const name = named === 'x-gzip' ? 'gzip' : named;
        const quality = end < member.length ? weight(member.slice(end + 1).trim()) : 1;
        if (name !== '' && quality >= 0) {
            qualities[name] = Math.min(name in qualities ? qualities[name] : 1, quality);
        }
    });
    return qualities;
}

// A quality value (RFC 9110 12.4.2), of "q=0.5"; undefined if it is malformed.
function weight(text) {
    return /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Number(text.slice(2)) : undefined;
}

// All lines of a field.
function value(headers, name) {
    const field = headers[name];
    if (!field) {
        return '';
    }
    const lines = field.multiValue || [field];
    return lines.map(function (line) { return line.value; }).join(',');
}

function set(headers, name, text) {
    if (text === '') {
        delete headers[name];
    } else {
        headers[name] = { value: text };
    }
}

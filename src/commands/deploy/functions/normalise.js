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

function wantsPage(headers) {
    const qualities = members(value(headers, 'accept'));
    return qualities['text/html'] > 0 || qualities['application/xhtml+xml'] > 0;
}

// The members of a weighted list (RFC 9110 12.4.2): names, each with the lowest of its qualities.
function members(list) {
    const qualities = {};
    list.toLowerCase().split(',').forEach(function (member) {
        const parts = member.split(';').map(function (part) { return part.trim(); });
        const name = parts[0] === 'x-gzip' ? 'gzip' : parts[0];
        const weight = parts.slice(1).filter(function (part) { return part.indexOf('q=') === 0; })[0];
        const number = weight === undefined ? 1 : Number(weight.slice(2));
        if (name !== '' && number >= 0 && number <= 1) {
            qualities[name] = Math.min(name in qualities ? qualities[name] : 1, number);
        }
    });
    return qualities;
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

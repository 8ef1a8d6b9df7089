"""Decodes a Brotli stream with a dictionary, by the C library in PyPI's brotli: DICTIONARY STREAM LENGTH, to standard output."""

import ctypes
import pathlib
import sys

import _brotli


def main(dictionary: bytes, stream: bytes, length: int) -> None:
    library = ctypes.CDLL(_brotli.__file__)
    library.BrotliDecoderCreateInstance.restype = ctypes.c_void_p
    library.BrotliDecoderCreateInstance.argtypes = [ctypes.c_void_p] * 3
    library.BrotliDecoderAttachDictionary.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p]
    library.BrotliDecoderDecompressStream.argtypes = [ctypes.c_void_p] * 6
    decoder = library.BrotliDecoderCreateInstance(None, None, None)
    raw = 0
    assert library.BrotliDecoderAttachDictionary(decoder, raw, len(dictionary), dictionary) == 1

    output = ctypes.create_string_buffer(length + 1)
    left, room = ctypes.c_size_t(len(stream)), ctypes.c_size_t(len(output))
    source = ctypes.create_string_buffer(stream, len(stream))
    next_in, next_out = ctypes.c_void_p(ctypes.addressof(source)), ctypes.c_void_p(ctypes.addressof(output))
    references = [ctypes.byref(value) for value in (left, next_in, room, next_out)]
    success = 1
    assert library.BrotliDecoderDecompressStream(decoder, *references, None) == success
    assert left.value == 0
    sys.stdout.buffer.write(output.raw[: len(output) - room.value])


files = [pathlib.Path(name).read_bytes() for name in sys.argv[1:3]]
main(*files, int(sys.argv[3]))

"""Run by vLLM's own Python: a GGUF file → a folder of safetensors with tokenizer and chat template.

``python convert.py FILE.gguf FOLDER --dtype bfloat16``. Imports nothing of Evenhand, which is not installed there.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def convert(source: Path, target: Path, dtype: str) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, quantization_config=GgufConfig(dequantize=True), dtype=dtype
    )
    # What was read is no longer quantized, and must not be saved as if it were.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(target)


def main() -> None:
    parser = argparse.ArgumentParser(description="Turn a GGUF model into one that vLLM reads.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--dtype", default="bfloat16")
    options = parser.parse_args()
    convert(options.source, options.target, options.dtype)


if __name__ == "__main__":
    main()

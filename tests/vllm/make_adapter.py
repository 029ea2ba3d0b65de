"""Run by vLLM's own Python: a LoRA adapter with random weights for the model in a folder.

``python make_adapter.py MODEL FOLDER RANK``. Random and not trained: that its use changes the answers is what tells.
"""

from __future__ import annotations

import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

SEED = 20_260


def main(model: str, folder: str, rank: int) -> None:
    torch.manual_seed(SEED)
    base = AutoModelForCausalLM.from_pretrained(model, dtype="bfloat16")
    parts = ["q_proj", "k_proj", "v_proj", "o_proj"]
    config = LoraConfig(
        r=rank, lora_alpha=4 * rank, target_modules=parts, init_lora_weights=False, task_type="CAUSAL_LM"
    )
    get_peft_model(base, config).save_pretrained(folder)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

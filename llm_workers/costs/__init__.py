"""What models' labels cost: tokens, time, money and energy, for each label and each correct one, beside the crowd's."""

"""What a run stands on before it begins: an economy, its years alone, the rules in its terms, what strays."""

"""The guide's generated parts: pages whose commands and code are run, references made from the program itself."""

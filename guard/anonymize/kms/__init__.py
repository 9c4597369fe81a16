"""Key management services that wrap guard's root secrets; one file each, behind the port `KeyEncryption`."""

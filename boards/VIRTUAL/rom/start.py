import rom_main

rom_main.run()
